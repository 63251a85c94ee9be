import {
  concat,
  conv2d,
  crossEntropy,
  type Graph,
  globalAvgPool,
  grad,
  graphOf,
  input,
  linear,
  macs,
  maxPool2d,
  parameter,
  Scope,
  type Tensor,
} from '@residual/core'
import { architecture, resnet, summarize, untrainedModel } from '@residual/resnet'
import { describe, expect, test } from 'vitest'
import { type Diagram, diagramFile, diagramOf, diagramPage } from '../src/index.ts'

const graphOfName = (name: string): Graph => {
  const arch = architecture(name)
  return graphOf([resnet(arch, input('images', [1, arch.inputSize, arch.inputSize, 3])).logits])
}
const diagramOfName = (name: string): Diagram => diagramOf(graphOfName(name), { name })

/** The texts in the boxes of a stage, block by block. */
const textOf = (diagram: Diagram, stage: string): string[] =>
  diagram.stages
    .find(({ name }) => name === stage)!
    .runs.flatMap(({ blocks }) => blocks)
    .map(({ layout }) => layout.boxes.map(({ box }) => box.lines.join(' ')).join(' | '))

/** Rows of the table of all layers, each a list of its cells. */
const rowsOf = (page: string): string[][] =>
  [...page.matchAll(/<tr id="row-\d+">(.*?)<\/tr>/g)].map(([, row]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell),
  )

describe('totals', () => {
  test.each([
    'resnet20',
    'resnet50',
    'resnext50_32x4d',
    'resnet110_v2',
    'resnet110_b_v2',
    'resnet1202',
    'plain34',
    'resnet50_v1',
  ])('and layers of %s are those of its summary', name => {
    const summary = summarize(architecture(name))
    const diagram = diagramOfName(name)
    expect({ params: diagram.params, macs: diagram.macs }).toEqual({ params: summary.params, macs: summary.macs })
    const layers = diagram.boxes.flatMap(box => box.layers).map(({ name, params, macs }) => ({ name, params, macs }))
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
    expect(layers.sort(byName)).toEqual(
      summary.layers.map(({ name, params, macs }) => ({ name, params, macs })).sort(byName),
    )
    const page = diagramPage(diagram)
    const [params, work] = [summary.params, summary.macs].map(value => value.toLocaleString('en'))
    expect(page).toContain(`<dt>Parameters</dt><dd>${params}</dd>`)
    expect(page).toContain(`<dt>Multiply-accumulates</dt><dd>${work}</dd>`)
    const sum = (column: number) =>
      rowsOf(page).reduce((total, row) => total + Number(row[column].replaceAll(',', '')), 0)
    expect([sum(4), sum(5)]).toEqual([summary.params, summary.macs])
    expect(diagramFile(diagram)).toContain(`Parameters ${params}   ·   Multiply-accumulates ${work}`)
  })
})

describe('boxes', () => {
  test.each([
    ['resnet20', 'layer1', '3×3 conv 16 BN, ReLU | 3×3 conv 16 BN | + ReLU'],
    ['resnet20', 'layer2', '3×3 conv 32, /2 BN, ReLU | 3×3 conv 32 BN | subsample /2, zero-pad | + ReLU'],
    [
      'resnet50',
      'layer2',
      '1×1 conv 128 BN, ReLU | 3×3 conv 128, /2 BN, ReLU | 1×1 conv 512 BN | 1×1 conv 512, /2 BN | + ReLU',
    ],
    [
      'resnext50_32x4d',
      'layer1',
      '1×1 conv 128 BN, ReLU | 3×3 conv 128, C=32 BN, ReLU | 1×1 conv 256 BN | 1×1 conv 256 BN | + ReLU',
    ],
    ['resnet110_v2', 'layer1', 'BN ReLU | 3×3 conv 16 BN, ReLU | 3×3 conv 16 | +'],
    ['plain20', 'layer1', '3×3 conv 16 BN, ReLU | 3×3 conv 16 BN, ReLU'],
    ['resnet50', 'stem', 'input 224×224×3 | 7×7 conv 64, /2 BN, ReLU | 3×3 max pool, /2'],
    ['resnet110_v2', 'head', 'BN ReLU | global avg pool | linear 10'],
  ])('of %s in %s', (name, stage, wanted) => {
    expect(textOf(diagramOfName(name), stage)[0]).toBe(wanted)
  })

  test('have their layers, outputs and receptive fields in the table', () => {
    const rows = rowsOf(diagramPage(diagramOfName('resnet20')))
    expect(rows[2]).toEqual([
      'layer1.0.conv1',
      '3×3 conv, 16, BN, ReLU',
      'conv1, bn1, relu',
      '32 × 32 × 16',
      '2,336',
      '2,359,296',
      '5 px',
    ])
    expect(rows.at(-1)).toEqual(['fc', 'linear, 10', 'fc', '10', '650', '640', 'all of it'])
  })

  test.each([
    ['resnet18', 435],
    ['resnet34', 899],
    ['resnet50_v1', 483],
    ['resnet50', 427],
    ['resnet101_v1', 1027],
    ['resnet152_v1', 1507],
  ])('of %s see at most %i pixels', (name, pixels) => {
    const sizes = diagramOfName(name).boxes.flatMap(({ receptiveField: field }) =>
      field && field !== 'all' ? field.size : [],
    )
    expect(Math.max(...sizes)).toBe(pixels)
  })

  test.each([
    ['resnet18', 18, 5],
    ['resnet20', 20, 2],
    ['resnet50', 50, 6],
    ['plain56', 56, 56],
    ['resnet1202', 1202, 2],
  ])(
    'of %s: the longest path passes through %i layers with weights, the shortest through %i',
    (name, longest, shortest) => {
      expect(diagramOfName(name).depth).toEqual({ longest, shortest })
    },
  )
})

describe('layout', () => {
  const names = ['resnet20', 'resnet50', 'resnext50_32x4d', 'resnet110_b_v2', 'resnet20_c', 'resnet152', 'plain20']

  test.each(names)('of %s: the main path is straight, no boxes overlap, shortcuts run above', name => {
    for (const { runs } of diagramOfName(name).stages) {
      for (const { layout } of runs.flatMap(({ blocks }) => blocks)) {
        const boxes = layout.boxes
        for (const a of boxes) {
          expect(a.left).toBeGreaterThanOrEqual(0)
          expect(a.left + a.width).toBeLessThanOrEqual(layout.width)
          for (const b of boxes.slice(boxes.indexOf(a) + 1)) {
            const isApart =
              a.left + a.width < b.left ||
              b.left + b.width < a.left ||
              a.top + a.height < b.top ||
              b.top + b.height < a.top
            expect(isApart).toBe(true)
          }
        }
        for (const { path } of layout.edges.filter(({ kind }) => kind === 'main')) {
          expect(path).toMatch(/^M[\d.]+ 0(H[\d.]+)+$/)
        }
        for (const { path } of layout.edges.filter(({ kind }) => kind === 'shortcut')) {
          const heights = [...path.matchAll(/(?:C|M| )(-?[\d.]+) (-?[\d.]+)/g)].map(match => Number(match[2]))
          expect(Math.max(...heights)).toBeLessThanOrEqual(0)
          expect(Math.min(...heights)).toBeLessThan(0)
        }
      }
    }
  })

  test('draws many equal blocks as one block and a number, and shows the others on request', () => {
    const diagram = diagramOfName('resnet1202')
    expect(diagram.stages.map(({ name, count }) => [name, count])).toEqual([
      ['stem', 1],
      ['layer1', 200],
      ['layer2', 200],
      ['layer3', 200],
      ['head', 1],
    ])
    expect(diagram.stages[2].runs.map(({ blocks, repeats }) => [blocks.length, repeats.length])).toEqual([[2, 198]])
    const page = diagramPage(diagram)
    expect(page).toContain('layer2.2 to layer2.199: the same as layer2.1')
    expect(page.match(/class="box /g)!.length).toBeGreaterThan(1800)
    expect(page.length).toBeLessThan(2e6)
    const file = diagramFile(diagram)
    expect(file).toContain('>× 198</text>')
    expect(file.match(/tabindex=/g)).toHaveLength(2 + 3 * 1 + 2 * (4 + 3) + 2)
  })
})

describe('any graph', () => {
  const scope = new Scope()
  const conv = (name: string, x: Tensor, filters: number, kernel = 3): Tensor =>
    conv2d(x, scope.at(name).parameter('weight', [filters, x.shape[3], kernel, kernel]), {
      padding: kernel >> 1,
    }).relu()
  const x = input('images', [1, 16, 16, 3])

  test('with branches, shared inputs and inputs from far away', () => {
    const a = conv('down.0.conv', x, 8)
    const b = conv('down.1.conv', maxPool2d(a, { kernel: 2 }), 8)
    const c = concat([conv('up.0.one', b, 4, 1), conv('up.0.three', b, 4)], 3)
    const gate = linear(globalAvgPool(c), scope.parameter('gate', [8, 8])).sigmoid()
    const y = c.mul(gate.reshape([1, 1, 1, 8])).add(conv('skip', maxPool2d(a, { kernel: 2 }), 8))
    const diagram = diagramOf(graphOf([y]), { name: 'mixed' })
    expect(diagram.stages.map(({ name }) => name)).toEqual(['stem', 'down', 'up', 'head'])
    expect(textOf(diagram, 'head')).toEqual([
      'global avg pool | linear 8 sigmoid | reshape | × | 2×2 max pool, /2 | 3×3 conv 8 ReLU | +',
    ])
    expect(diagramFile(diagram)).toContain('>from down.0.conv</text>')
    expect(diagram.macs).toBe(graphOf([y]).nodes.reduce((sum, node) => sum + macs(node), 0))
  })

  test('without names, in parts: cut where only one tensor is still needed', () => {
    let y: Tensor = x
    for (let i = 0; i < 12; i++) y = conv2d(y, parameter(`w${i}`, [3, 3, 3, 3]), { padding: 1 }).relu()
    const diagram = diagramOf(graphOf([y]), { name: 'chain' })
    const [{ name, runs }, ...others] = diagram.stages
    expect([name, others]).toEqual(['network', []])
    expect(runs.flatMap(({ blocks }) => blocks.map(block => block.name))).toEqual(['images', 'w3', 'w7', 'w11'])
    expect(diagramPage(diagram)).not.toContain('Shortcut')
  })

  test('of a training step, gradients included', () => {
    const { logits, updates } = resnet(architecture('resnet8'), input('images', [2, 32, 32, 3]), { training: true })
    const loss = crossEntropy(logits, input('labels', [2, 10]))
    const trainable = graphOf([loss]).parameters.filter(({ attributes }) => attributes.trainable)
    const diagram = diagramOf(graphOf([loss, ...updates.values(), ...grad(loss, trainable)]), { name: 'step' })
    expect(diagram.params).toBe(75_290)
    expect(textOf(diagram, 'layer1')[0]).toBe('3×3 conv 16 | moments | BN ReLU | 3×3 conv 16 | moments | BN | + ReLU')
    expect(diagramPage(diagram)).toContain('conv2dWeightGradient')
  })

  test('with names that are markup', () => {
    const y = conv2d(x, parameter('<img src=x onerror=alert(1)>.0."\u0000&.weight', [3, 3, 1, 1]))
    const diagram = diagramOf(graphOf([y]), { name: '</title><script>alert(1)</script>' })
    for (const text of [diagramPage(diagram), diagramFile(diagram)]) {
      expect(text).not.toMatch(/<img|<script>alert/)
      expect(text).not.toContain('\u0000')
      expect(text).toContain('&lt;/title&gt;&lt;script&gt;alert(1)')
      expect(text).toContain('&quot;\ufffd&amp;')
    }
  })
})

describe('times', () => {
  test.each(['resnet8', 'resnet8_b_v2', 'plain8'])('of %s: all steps are found, their sum is the total', async name => {
    const model = untrainedModel(architecture(name))
    const steps = await model.profile(new Float32Array(32 * 32 * 3), 1)
    const { boxes, times, stages, milliseconds } = diagramOf(graphOfName(name), { name, steps })
    const total = steps.reduce((sum, step) => sum + step.milliseconds, 0)
    expect(milliseconds).toBeCloseTo(total, 9)
    expect([...times.values()].reduce((a, b) => a + b)).toBeCloseTo(total, 9)
    expect(stages.reduce((sum, stage) => sum + stage.milliseconds!, 0)).toBeCloseTo(total, 9)
    const without = boxes.filter(({ id }) => !times.has(id)).map(({ kind }) => kind)
    expect(new Set(without)).toEqual(new Set(name === 'plain8' ? ['input'] : ['input', 'sum']))
  })

  test('are those of the steps, matched by name or otherwise in order', () => {
    const graph = graphOfName('resnet14')
    const step = { kernel: '', macs: 0, bytes: 0 }
    const steps = [
      { ...step, name: 'layer1.0.conv2', operation: 'conv2d', shape: [1, 32, 32, 16], milliseconds: 1.25 },
      { ...step, name: '', operation: 'slice', shape: [1, 8, 8, 32], milliseconds: 2 },
      { ...step, name: '', operation: 'pad', shape: [1, 8, 8, 64], milliseconds: 3 },
      { ...step, name: 'elsewhere', operation: 'argmax', shape: [1], milliseconds: 4 },
    ] as const
    const diagram = diagramOf(graph, { name: 'resnet14', steps })
    const named = [...diagram.times].map(([id, time]) => [diagram.boxes[id].name, time])
    expect(named).toEqual([
      ['layer1.0.conv2', 1.25],
      ['layer3.0.slice', 5],
    ])
    const page = diagramPage(diagram)
    expect(page).toContain('<dt>Time</dt><dd>10.3 ms</dd>')
    const rows = rowsOf(page)
    expect(rows.find(([name]) => name === 'layer1.0.conv2')!.at(-1)).toBe('1.25 ms')
    expect(rows.find(([name]) => name === 'layer1.0.add')!.at(-1)).toBe('in another step')
  })
})
