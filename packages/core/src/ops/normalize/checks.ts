import { ShapeError } from '../../errors.ts'
import { formatShape, type Shape, sameShape } from '../../shape.ts'

/** Throws a ShapeError unless x has axes and each of the named inputs after it is `[c]`. */
export function checkPerChannel(operation: string, [x, ...rest]: readonly Shape[], names: readonly string[]): void {
  if (x.length === 0) throw new ShapeError(`${operation}: got a scalar, wanted x [..., c]`)
  const channels = x.slice(-1)
  names.forEach((name, i) => {
    if (!sameShape(rest[i], channels)) {
      throw new ShapeError(`${operation}: got ${name} ${formatShape(rest[i])}, wanted ${formatShape(channels)}`)
    }
  })
}

/** Throws a ShapeError unless moments are `[2, c]`. */
export function checkMoments(operation: string, x: Shape, moments: Shape): void {
  const wanted = [2, x[x.length - 1]]
  if (!sameShape(moments, wanted)) {
    throw new ShapeError(`${operation}: got moments ${formatShape(moments)}, wanted ${formatShape(wanted)}`)
  }
}
