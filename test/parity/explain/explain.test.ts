import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { graphOf, input } from '@residual/core'
import { explain, resizeMap } from '@residual/lab'
import { architecture, defaultLabels, defaultPreprocessing, Model, resnet } from '@residual/resnet'
import { readImage } from '@residual/vision'
import { expect, test } from 'vitest'
import { formulaWeights } from '../formula.ts'

/** A golden of explain.py, all in PyTorch's double precision. */
interface Golden {
  readonly branch: number
  readonly beta: number
  readonly side: number
  readonly layer: string
  readonly class: number
  /** Probability of the class. */
  readonly score: number
  /** Grad-CAM at the layer, row by row. */
  readonly map: readonly (readonly number[])[]
  /** The map interpolated to the image: every eighth pixel of every eighth row, from the fourth on. */
  readonly enlarged: readonly (readonly number[])[]
  readonly blocks: readonly (readonly [ratio: number, cosine: number, change: number])[]
  readonly depths: readonly (readonly [index: number, score: number, target: number])[]
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** For the rounding of single precision; measured were 1e-5 in the deepest of these and about 1e-6 in the others. */
const TOLERANCE = 5e-5

/** The largest difference, relative to the largest number. */
function deviation(wanted: readonly number[], got: readonly number[]): number {
  expect(got).toHaveLength(wanted.length)
  const largest = Math.max(...wanted.map(Math.abs))
  return Math.max(...wanted.map((value, i) => Math.abs(value - got[i]))) / largest
}

test.each(['resnet20', 'resnet20_b', 'resnet20_b_v2', 'plain20', 'resnet18', 'resnet50'])(
  '%s explains a class as it does in PyTorch',
  async name => {
    const golden: Golden = JSON.parse(readFileSync(here(`goldens/${name}.json`), 'utf8'))
    const arch = architecture(name)
    const { side } = golden
    const { parameters } = graphOf([resnet(arch, input('images', [1, side, side, 3])).logits])
    const model = new Model({
      name,
      architecture: arch,
      labels: defaultLabels(arch),
      preprocessing: { ...defaultPreprocessing(arch.family), resize: side, crop: side },
      parameters: formulaWeights(parameters, golden.branch, golden.beta),
    })
    const { class: index, layer } = golden
    const { map, target, blocks, depths } = await explain(model, await readImage(here('../image.png')), {
      class: index,
      layer,
    })
    expect({ width: map.width, height: map.height }).toEqual({
      width: golden.map[0].length,
      height: golden.map.length,
    })
    expect(Math.max(...golden.map.flat())).toBeGreaterThan(0)
    expect(deviation(golden.map.flat(), [...map.values])).toBeLessThan(TOLERANCE)
    const { values } = resizeMap(map, side, side)
    const enlarged = golden.enlarged.flatMap((row, y) => row.map((_, x) => values[(8 * y + 3) * side + 8 * x + 3]))
    expect(deviation(golden.enlarged.flat(), enlarged)).toBeLessThan(TOLERANCE)
    expect(Math.abs(target.score / golden.score - 1)).toBeLessThan(TOLERANCE)
    const effects = blocks.flatMap(({ ratio, cosine, change }) => [ratio, cosine, change])
    const answers = depths.flatMap(answer => [answer.score, answer.target])
    if (arch.shortcut === 'none') {
      expect([effects, answers, golden.blocks, golden.depths]).toEqual([[], [], [], []])
      return
    }
    expect(deviation(golden.blocks.flat(), effects)).toBeLessThan(TOLERANCE)
    expect(
      deviation(
        golden.depths.flatMap(([, ...scores]) => scores),
        answers,
      ),
    ).toBeLessThan(TOLERANCE)
    expect(depths.map(answer => answer.index)).toEqual(golden.depths.map(([best]) => best))
  },
)
