import type { Parameters, Tensor } from '@residual/core'

/** `offset + scale * u` for the numbers u in [-1, 1) that `uniform` of formula.py returns for the name. */
export function numbers(name: string, count: number, offset: number, scale: number): Float32Array {
  let start = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) start = Math.imul(start ^ byte, 0x01000193)
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    let x = (start + Math.imul(i, 0x9e3779b9)) | 0
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    values[i] = offset + scale * (((x ^ (x >>> 16)) >>> 0) / 2 ** 31 - 1)
  }
  return values
}

/** The weights of a network by the formula of formula.py, bit for bit. */
export function formulaWeights(parameters: readonly Tensor<'parameter'>[], branch: number, beta = 0): Parameters {
  return new Map(
    parameters.map(({ attributes: { name }, shape }) => {
      const [offset, scale] = range(name, shape, branch)
      const count = shape.reduce((a, b) => a * b, 1)
      if (beta === 0 || name === 'fc.bias' || !name.endsWith('bias')) {
        return [name, numbers(name, count, offset, scale)]
      }
      const [even, odd] = [numbers(name, count, beta, scale), numbers(name, count, -beta, scale)]
      return [name, even.map((value, c) => (c % 2 === 0 ? value : odd[c]))]
    }),
  )
}

function range(name: string, shape: readonly number[], branch: number): [offset: number, scale: number] {
  if (name.endsWith('running_var')) return [1, 0.5]
  if (name.endsWith('running_mean') || name.endsWith('bias')) return [0, 0.2]
  if (shape.length === 1) return [1, 0.2]
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1)
  const scale = Math.sqrt((shape.length === 4 ? 6 : 3) / fanIn)
  return [0, /\.conv[23]\.weight$/.test(name) ? scale * branch : scale]
}
