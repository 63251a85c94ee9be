import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CompileOptions, graphOf, input } from '@residual/core'
import { architecture, defaultLabels, defaultPreprocessing, Model, resnet } from '@residual/resnet'
import { readImage } from '@residual/vision'
import { expect } from 'vitest'
import { formulaWeights } from './formula.ts'

/** A golden of make_goldens.py. */
interface Golden {
  readonly architecture: string
  readonly branch: number
  /** The first 64 logits, in PyTorch's double precision. */
  readonly logits: readonly number[]
  /** Standard deviation of all logits. */
  readonly std: number
  readonly argmax: number
  /** SHA-256 of the names and shapes of all parameters. */
  readonly shapes: string
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The architectures that have goldens from PyTorch. */
export const goldenNames: readonly string[] = readdirSync(here('goldens')).map(file => file.replace(/\.json$/, ''))

/** Classifies image.png with the weights of the formula, and compares names, shapes and logits with PyTorch. */
export async function expectParity(name: string, options: CompileOptions = {}): Promise<void> {
  const golden: Golden = JSON.parse(readFileSync(here(`goldens/${name}.json`), 'utf8'))
  const arch = architecture(name)
  const { parameters } = graphOf([resnet(arch, input('images', [1, arch.inputSize, arch.inputSize, 3])).logits])
  const shapes = parameters.map(({ attributes, shape }) => `${attributes.name} ${shape.join('x')}\n`)
  expect(createHash('sha256').update(shapes.sort().join('')).digest('hex')).toBe(golden.shapes)

  const parts = {
    name,
    architecture: arch,
    labels: defaultLabels(arch),
    preprocessing: defaultPreprocessing(arch.family),
  }
  using model = new Model({ ...parts, parameters: formulaWeights(parameters, golden.branch) }, options)
  const { logits, predictions } = await model.classify(await readImage(here('image.png')))
  const errors = golden.logits.map((value, i) => Math.abs(value - logits[i]) / golden.std)
  expect(Math.max(...errors)).toBeLessThan(1e-3)
  expect(predictions[0].index).toBe(golden.argmax)
}
