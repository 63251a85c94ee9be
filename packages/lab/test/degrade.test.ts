import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ArchitectureError } from '@residual/core'
import { TrainingError } from '@residual/train'
import { decode, drawShapes } from '@residual/vision'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Degradation,
  type DegradeOptions,
  type DegradeRun,
  degradationPage,
  degradationSvgs,
  degrade,
  findings,
  saveDegradation,
} from '../src/index.ts'

let folder: string
/** The trainings of all four networks with two seeds. */
let whole: Awaited<ReturnType<typeof all>>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  whole = await all({ ...small, seeds: [3, 4] })
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

const small: DegradeOptions = {
  data: drawShapes({ split: 'train', length: 30 }),
  test: drawShapes({ split: 'test', length: 10 }),
  depths: [14, 8],
  worker: false,
  changes: { epochs: 2, batch: 10, schedule: { rate: 0.05 } },
}

/** Goes through all events; returns the last result and the number of steps of each training. */
async function all(
  options: DegradeOptions,
): Promise<{ found: Degradation | undefined; steps: Record<string, number> }> {
  let found: Degradation | undefined
  const steps: Record<string, number> = {}
  for await (const event of degrade(options)) {
    if (event.kind === 'network') found = event.degradation
    else if (event.event.kind === 'step') {
      const { network, seed } = event.run
      steps[`${network} ${seed}`] = (steps[`${network} ${seed}`] ?? 0) + 1
    }
  }
  return { found, steps }
}

test('every network is trained with every seed in the same way, and its signals measured', () => {
  const { found, steps } = whole
  expect(steps).toEqual({
    ...{ 'plain-8 3': 6, 'plain-14 3': 6, 'residual-8 3': 6, 'residual-14 3': 6 },
    ...{ 'plain-8 4': 6, 'plain-14 4': 6, 'residual-8 4': 6, 'residual-14 4': 6 },
  })
  const { data, planned, runs, recipe } = found!
  expect({ data, planned }).toEqual({
    data: { name: 'shapes', images: 30, testImages: 10, classes: 10 },
    planned: 8,
  })
  expect(recipe).toMatchObject({ batch: 10, epochs: 2, zeroInitResidual: true, schedule: { kind: 'step', rate: 0.05 } })
  for (const { depth, family, epochs, signals } of runs) {
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2])
    expect(signals.map(({ epoch }) => epoch)).toEqual([0, 1, 2])
    for (const { layers, blocks } of signals) {
      expect(layers).toHaveLength(depth)
      expect(blocks).toHaveLength((depth - 2) / 2)
      for (const { shortcut, gradient } of blocks) {
        expect(shortcut === undefined).toBe(family === 'plain')
        expect(gradient).toBeGreaterThan(0)
      }
    }
  }
  // Residual blocks begin as the identity.
  const { signals } = runs.find(({ network }) => network === 'residual-14')!
  expect(signals[0].blocks.map(({ branch }) => branch)).toEqual([0, 0, 0, 0, 0, 0])
  expect(Math.min(...signals[1].blocks.map(({ branch }) => branch))).toBeGreaterThan(0)
})

describe('in a directory', () => {
  test('a stopped training continues to the same bits, and finished ones are not repeated', async () => {
    const out = join(folder, 'stopped')
    const stop = new AbortController()
    let steps = 0
    for await (const event of degrade({ ...small, out, seeds: [3], signal: stop.signal })) {
      if (event.kind === 'training' && event.event.kind === 'step' && ++steps === 10) stop.abort()
    }
    expect((await readdir(out)).toSorted()).toEqual(['plain-14-seed3', 'plain-8-seed3'])
    const resumed = await all({ ...small, out, seeds: [3], resume: true })
    expect(resumed.steps).toEqual({ 'plain-14 3': 2, 'residual-8 3': 6, 'residual-14 3': 6 })
    const timeless = (runs: readonly DegradeRun[]) =>
      JSON.parse(JSON.stringify(runs, (key, value) => (key === 'imagesPerSecond' ? 0 : value)))
    expect(timeless(resumed.found!.runs)).toEqual(timeless(whole.found!.runs.filter(({ seed }) => seed === 3)))
    expect((await all({ ...small, out, seeds: [3], resume: true })).steps).toEqual({})
  })

  test('half a line, which a killed process may leave, is ignored', async () => {
    const out = join(folder, 'killed')
    const one = { ...small, depths: [8], families: ['plain'] as const, out }
    const { found } = await all(one)
    const path = join(out, 'plain-8-seed0/signals.jsonl')
    const lines = await readFile(path, 'utf8')
    await writeFile(path, lines.slice(0, -20))
    const again = await all({ ...one, resume: true })
    expect(again.found?.runs[0].signals).toEqual(found?.runs[0].signals)
  })

  test('an existing training is not replaced', async () => {
    const out = join(folder, 'taken')
    const one = { ...small, depths: [8], families: ['plain'] as const, out }
    await all(one)
    const path = JSON.stringify(`${out}/plain-8-seed0`)
    await expect(all(one)).rejects.toThrow(
      new TrainingError(`${path} holds a training; resume it, or give another directory`),
    )
  })
})

test('a loss that is not finite ends only its own training', async () => {
  const { found } = await all({ ...small, depths: [8], changes: { ...small.changes, schedule: { rate: 1e30 } } })
  expect(found?.runs).toHaveLength(2)
  expect(found?.runs[0].diverged).toMatch(/^the loss is (NaN|-?Infinity) at step \d/)
  expect(findings(found!)).toContainEqual(expect.stringMatching(/^plain-8 with seed 0 ended early: the loss is /))
})

test.each<[options: DegradeOptions, error: Error]>([
  [{ depths: [] }, new TrainingError('got no depths, wanted at least one')],
  [{ seeds: [] }, new TrainingError('got no seeds, wanted at least one')],
  [{ depths: [20, 20] }, new TrainingError('got 20 twice among the depths; name it once')],
  [
    { families: ['plane' as 'plain'] },
    new TrainingError('unknown family "plane"; wanted some of plain, residual, preactivation'),
  ],
])('%o makes no sense', async (options, error) => {
  await expect(all(options)).rejects.toThrow(error)
})

test('a depth that no network has is refused', async () => {
  await expect(all({ depths: [21] })).rejects.toThrow(ArchitectureError)
})

/** A training that ended at an error, in percent. */
function run(network: string, error: number, { seed = 0, gradients = [1, 1], diverged = '' } = {}): DegradeRun {
  const [family, depth] = network.split('-')
  const epoch = { epoch: 1, step: 9, lr: 0.1, trainLoss: 1, testLoss: 1, imagesPerSecond: 1 }
  const blocks = gradients.map((gradient, i) => {
    const shared = { name: `layer1.${i}`, branch: 1, gradient }
    return family === 'plain'
      ? { ...shared, shortcut: undefined, direct: undefined }
      : { ...shared, shortcut: 1, direct: 1 }
  })
  const layer = { name: 'conv1', block: undefined, response: 1, activation: 1, gradient: 1, signal: 1, weight: 1 }
  return {
    ...{ network, architecture: network, family: family as 'plain', depth: Number(depth), seed, parameters: 1000 },
    epochs: [{ ...epoch, trainTop1: 1 - error / 100, testTop1: 1 - error / 100 }],
    signals: [{ epoch: 0, loss: 2.3, layers: [layer, layer], blocks }],
    ...(diverged && { diverged }),
  }
}

const degradation = (runs: readonly DegradeRun[]): Degradation => ({ ...whole.found!, runs, planned: runs.length })

describe('findings say how a run came out', () => {
  test.each<[what: string, runs: readonly DegradeRun[], told: readonly string[]]>([
    [
      'degradation',
      [run('plain-20', 40), run('plain-56', 60.04), run('residual-20', 35), run('residual-56', 30)],
      [
        'Plain networks ended at a training error of 60.0 % with 56 layers and 40.0 % with 20: deeper is worse by 20.0 points. Overfitting would lower the training error, so this is not overfitting. It is degradation: deeper networks are harder to optimise.',
        'Residual networks ended at a training error of 30.0 % with 56 layers and 35.0 % with 20: deeper is better by 5.0 points. The shortcuts let the added layers help.',
        'At 56 layers, shortcuts lowered the training error by 30.0 points, from 60.0 % to 30.0 %, with the same layers, images and recipe.',
      ],
    ],
    [
      'the opposite',
      [run('plain-20', 40), run('plain-56', 30), run('residual-20', 30), run('residual-56', 35)],
      [
        'Plain networks ended at a training error of 30.0 % with 56 layers and 40.0 % with 20: deeper is better by 10.0 points. This run shows no degradation.',
        'Residual networks ended at a training error of 35.0 % with 56 layers and 30.0 % with 20: deeper is worse by 5.0 points. The deeper network was behind when this run ended, despite its shortcuts.',
        'At 56 layers, shortcuts raised the training error by 5.0 points, from 30.0 % to 35.0 %, with the same layers, images and recipe.',
      ],
    ],
    [
      'no difference',
      [run('plain-20', 40), run('plain-56', 40.9), run('residual-20', 40), run('residual-56', 40.5)],
      [
        'Plain networks ended at a training error of 40.9 % with 56 layers and 40.0 % with 20: no difference to speak of, so this run shows no degradation.',
        'Residual networks ended at a training error of 40.5 % with 56 layers and 40.0 % with 20: no difference to speak of, so depth does no harm.',
        'At 56 layers, shortcuts made no difference to speak of, with the same layers, images and recipe.',
      ],
    ],
    [
      'seeds that differ',
      [run('plain-20', 40), run('plain-56', 50), run('plain-20', 40, { seed: 1 }), run('plain-56', 38, { seed: 1 })],
      [
        'Plain networks ended at a training error of 44.0 % with 56 layers and 40.0 % with 20: deeper is worse by 4.0 points, for 1 of 2 seeds. Overfitting would lower the training error, so this is not overfitting. It is degradation: deeper networks are harder to optimise.',
      ],
    ],
    ['one network', [run('plain-20', 40)], []],
    [
      'a loss that was not finite',
      [run('plain-20', 40), run('plain-56', 90, { diverged: 'the loss is NaN at step 3' })],
      ['plain-56 with seed 0 ended early: the loss is NaN at step 3.'],
    ],
  ])('%s', (_, runs, told) => {
    const found = findings(degradation(runs))
    expect(found.filter(text => !text.startsWith('Before training'))).toEqual(told)
  })

  test.each([
    [0.02, '0.01 times', 3, '1.5 times'],
    [9876, '4,900 times', 2, 'just'],
  ])('for a gradient of %d at the first block', (plain, times, residual, others) => {
    const of = (network: string, first: number, middle: number) => run(network, 40, { gradients: [first, middle, 2] })
    const runs = [of('plain-56', plain, 1), of('residual-56', residual, 2)]
    expect(findings(degradation(runs)).at(-1)).toBe(
      `Before training, the gradient at the first block, compared with the last, is ${times} as long in plain-56 and ${others} as long in residual-56.`,
    )
  })
})

describe('the report', () => {
  const names = [
    ...['error-plain', 'error-residual', 'gradient-before', 'gradient-after', 'gradient-early'],
    ...['gradient-in-time-plain', 'gradient-in-time-residual', 'responses', 'responses-sorted', 'residuals-residual'],
  ]

  test('has a figure for each quantity that was measured', () => {
    const svgs = degradationSvgs(whole.found!)
    expect([...svgs.keys()]).toEqual(names)
    for (const svg of svgs.values()) {
      expect(svg).toMatch(/<path class="line[^>]+ d="M[\d. ]+L/)
      expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    }
    // With two seeds, each line has a band.
    expect(svgs.get('error-plain')?.match(/class="band/g)).toHaveLength(4)
  })

  test('is one page that says what was found', () => {
    const found = whole.found!
    const html = degradationPage(found)
    expect(html.length).toBeLessThan(2e6)
    expect(html).not.toMatch(/NaN|undefined|Infinity/)
    for (const text of findings(found)) expect(html).toContain(text)
    expect(html).toContain('plain-8, plain-14, residual-8, residual-14, trained for 6 steps of 10 images')
    expect(html).not.toContain('trainings are done')
    expect(degradationPage({ ...found, planned: 9 })).toContain('8 of 9 trainings are done.')
  })

  test('is saved with its numbers and figures', async () => {
    const found = whole.found!
    const out = join(folder, 'saved')
    await saveDegradation(out, found)
    expect(JSON.parse(await readFile(join(out, 'degradation.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(found)))
    expect((await stat(join(out, 'report.html'))).size).toBe(new TextEncoder().encode(degradationPage(found)).length)
    expect((await readdir(join(out, 'figures'))).toSorted()).toEqual(
      names.flatMap(name => [`${name}.png`, `${name}.svg`]).toSorted(),
    )
    const { width, height } = await decode(await readFile(join(out, 'figures/responses.png')))
    expect({ width, height }).toEqual({ width: 1440, height: 800 })
  })
})
