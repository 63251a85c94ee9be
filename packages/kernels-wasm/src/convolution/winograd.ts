import {
  COLUMNS,
  type Filtering,
  type Instruction,
  type WeightForm,
  WINOGRAD_GAP,
  WINOGRAD_OUTPUT,
  WINOGRAD_POINTS,
  WINOGRAD_PRODUCTS,
  WINOGRAD_UNIT_PANELS,
  WINOGRAD_UNIT_PIECES,
} from '../instructions.generated.ts'
import { planDirect } from './direct.ts'
import { type ConvolutionGeometry, convolutionOutput, FLOAT } from './geometry.ts'
import type { ConvolutionPlan, WeightsLayout } from './plan.ts'

/**
 * Transformed values that are multiplied before the next ones are computed; they should fit into the second-level
 * cache.
 */
const BLOCK_FLOATS = 512 * 1024

/** Whether Winograd's filtering can compute the convolution. */
export function isWinograd(g: ConvolutionGeometry): boolean {
  return [...g.kernel, ...g.stride, ...g.dilation, g.groups].join() === '3,3,1,1,1,1,1'
}

/** The number of pieces of an image, down and across. */
export function piecesOf(g: ConvolutionGeometry, filtering: Filtering): [number, number] {
  const [height, width] = convolutionOutput(g)
  return [Math.ceil(height / WINOGRAD_OUTPUT[filtering]), Math.ceil(width / WINOGRAD_OUTPUT[filtering])]
}

/**
 * Whether weights are transformed once, or from panels in each run. With few channels, transformed weights stay in the
 * caches, and reading them is faster than transforming. With 96 or more channels, they do not: reading 9 values and
 * transforming them takes less time and memory than reading 36.
 */
export function formOf({ channels, outputs }: ConvolutionGeometry): WeightForm {
  return channels * outputs < 96 * 96 ? 'transformed' : 'panels'
}

/**
 * Pieces in a block, if `fitting` pieces should stay in the cache: all pieces, or a multiple of two units of work, so
 * that threads get equal shares and blocks have nearly the same size.
 */
function blockOf(all: number, fitting: number): number {
  if (all <= fitting) return all
  const multiple = fitting < 2 * WINOGRAD_UNIT_PIECES ? 16 : 2 * WINOGRAD_UNIT_PIECES
  const most = Math.max(1, Math.floor(fitting / multiple)) * multiple
  return Math.min(all, Math.ceil(all / Math.ceil(all / most) / multiple) * multiple)
}

/** Winograd's minimal filtering: fewer products, between transforms of the input, the weights and the output. */
export function planWinograd(g: ConvolutionGeometry, weights: WeightsLayout, filtering: Filtering): ConvolutionPlan {
  const { offset, columnStride, depthStride: channelStride, tapStrides } = weights
  const [height, width] = convolutionOutput(g)
  const pieces = piecesOf(g, filtering)
  const all = g.batch * pieces[0] * pieces[1]
  const points = WINOGRAD_POINTS[filtering]
  const block = blockOf(all, Math.floor(BLOCK_FLOATS / (points * g.channels)))
  const form = formOf(g)
  const weightFloats = (panels: number) => points * (panels * g.channels * COLUMNS + WINOGRAD_GAP)
  const workspaceFloats = block * (points * g.channels + WINOGRAD_GAP)
  const scratchFloats = points * WINOGRAD_PRODUCTS + (form === 'panels' ? weightFloats(WINOGRAD_UNIT_PANELS) : 0)
  const { packedFloats, packUnit, pack } = planDirect(g, weights)
  return {
    packedFloats: form === 'panels' ? packedFloats : weightFloats(Math.ceil(g.outputs / COLUMNS)),
    biasFloats: g.outputs + COLUMNS,
    zeros: 0,
    workspaceFloats,
    threadFloats: scratchFloats,
    ...(form === 'panels' && packUnit !== undefined ? { packUnit } : {}),
    pack:
      form === 'panels'
        ? pack
        : (source, packed) => ({
            op: 'winogradWeights',
            filtering,
            source: source + offset * FLOAT,
            packed,
            channels: g.channels,
            columns: g.outputs,
            columnStride,
            channelStride,
            tapStrides,
          }),
    run: ({ input, workspace: transformed, zeros: _, ...buffers }) => {
      const instructions: Instruction[] = []
      const scratch = transformed + workspaceFloats * FLOAT
      for (let first = 0; first < all; first += block) {
        const part = {
          filtering,
          transformed,
          channels: g.channels,
          pieces,
          first,
          count: Math.min(block, all - first),
        }
        const padding = [g.padding[0], g.padding[2]]
        instructions.push(
          { op: 'winogradInput', input, ...part, height: g.height, width: g.width, padding },
          {
            op: 'winogradOutput',
            ...buffers,
            ...part,
            form,
            height,
            width,
            columns: g.outputs,
            scratch,
            scratchFloats,
          },
        )
      }
      return instructions
    },
  }
}
