import { conv2d, globalAvgPool, type Scope, type Tensor } from '@residual/core'

type Attend = (s: Scope, f: Tensor) => Tensor

/** Channels between the two layers of squeeze-and-excitation: a sixteenth, rounded to a multiple of 8, as in timm. */
const squeezed = (channels: number): number => Math.max(8, 8 * Math.floor((channels / 16 + 4) / 8))

/** Scales every channel by a number from 0 to 1, computed from the means of all channels. */
function squeezeAndExcite(s: Scope, f: Tensor): Tensor {
  const [batch, , , channels] = f.shape
  const layer = (name: string, x: Tensor, outputs: number) => {
    const weight = s.at(name).parameter('weight', [outputs, x.shape[3], 1, 1])
    return conv2d(x, weight, { bias: s.at(name).parameter('bias', [outputs]) })
  }
  const means = globalAvgPool(f).reshape([batch, 1, 1, channels])
  const hidden = layer('se.fc1', means, squeezed(channels)).relu()
  return f.mul(layer('se.fc2', hidden, channels).sigmoid())
}

const KINDS = {
  none: (_, f) => f,
  se: squeezeAndExcite,
} satisfies Readonly<Record<string, Attend>>

/** `se`: squeeze-and-excitation (Hu et al. 2018), with the layers `se.fc1` and `se.fc2` in each block. */
export type Attention = keyof typeof KINDS

/** The kinds of attention, by their names in architectures: each is applied to F(x). */
export const ATTENTIONS: Readonly<Record<Attention, Attend>> = KINDS
