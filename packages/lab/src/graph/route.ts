import { px } from '../report/svg.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** The path of a line into a sum: a line from above or below ends straight down or up, as in papers. */
export function pathInto({ left, top, width, height }: Frame, points: readonly Point[]): string {
  const last = points[points.length - 2]
  const middle = top + height / 2
  if (Math.abs(last.y - middle) < height) return curve(points)
  const x = px(left + width / 2)
  const y = last.y < middle ? top : top + height
  const turn = { x: x - 22, y: last.y }
  const way = curve(turn.x > last.x ? [...points.slice(0, -1), turn] : points.slice(0, -1))
  return `${way}C${x} ${last.y} ${x} ${last.y} ${x} ${px(y)}`
}

/** Pixels in which a line changes to the height of the next point, at most. */
const RISE = 22

/** A line that is level at every point. It leaves the axis at once and returns late, clear of the boxes between. */
export function curve(given: readonly Point[]): string {
  const isBend = ({ y }: Point, i: number) => y !== given[i - 1]?.y || y !== given[i + 1]?.y
  const points = given.filter((point, i) => i === 0 || i === given.length - 1 || isBend(point, i))
  return points.reduce((path, { x, y }, i) => {
    if (i === 0) return `M${px(x)} ${px(y)}`
    const { x: fromX, y: fromY } = points[i - 1]
    if (Math.abs(y - fromY) < 0.5) return `${path}H${px(x)}`
    const rise = Math.min(RISE, x - fromX)
    const isLeaving = Math.abs(y) > Math.abs(fromY)
    const [a, b] = isLeaving ? [fromX, fromX + rise] : [x - rise, x]
    const bend = `C${px((a + b) / 2)} ${px(fromY)} ${px((a + b) / 2)} ${px(y)} ${px(b)} ${px(y)}`
    return isLeaving ? `${path}${bend}H${px(x)}` : `${path}H${px(a)}${bend}`
  }, '')
}
