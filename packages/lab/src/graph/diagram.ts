import { type Graph, parameterCount, type StepTime } from '@residual/core'
import { type BlockLayout, layoutBlock, type Neighbours } from './block-layout.ts'
import { type Box, boxesOf } from './boxes.ts'
import { type Block, type Stage, stagesOf } from './stages.ts'
import { timesOf } from './times.ts'

/** A block and its layout. */
export interface DrawnBlock {
  readonly name: string
  /** Written above the block, unless the stage's name already says it. */
  readonly caption: string | undefined
  readonly layout: BlockLayout
}

/** Blocks of a stage, one after the other. */
export interface Run {
  readonly blocks: readonly DrawnBlock[]
  /** Blocks after the last of `blocks` that are the same as it; so many that they are drawn only on request. */
  readonly repeats: readonly DrawnBlock[]
}

/** Totals over some boxes. */
export interface Totals {
  /** Trainable parameters. */
  readonly params: number
  /** Multiply-accumulates for one image. */
  readonly macs: number
  /** Time for one image; only if steps were timed. */
  readonly milliseconds?: number
}

export interface DrawnStage extends Totals {
  readonly name: string
  readonly runs: readonly Run[]
  /** Number of blocks. */
  readonly count: number
  /** Shape of its output. */
  readonly output: readonly number[]
  /** Pixels that its lowest block needs below the axis, so that all blocks of a line share one axis. */
  readonly below: number
}

/** A network with the layout of its drawing. */
export interface Diagram extends Totals {
  readonly name: string
  /** In the order of the computation. */
  readonly boxes: readonly Box[]
  readonly stages: readonly DrawnStage[]
  /** Convolutions and linear layers from input to output; the longest path has the number in a network's name. */
  readonly depth: Box['depth']
  /** Milliseconds by `id` of a box; empty unless steps were timed. */
  readonly times: ReadonlyMap<number, number>
}

export interface DiagramOptions {
  /** Name of the network. */
  readonly name: string
  /** Times of the steps of a program that was compiled from the graph, as `Program.profile` gives them. */
  readonly steps?: readonly StepTime[]
}

/** A block that this many equal blocks follow is drawn once, with their number. */
const MANY = 40

/**
 * Lays out any graph for drawing: joins layers that belong together into boxes, groups boxes by the names of
 * parameters, and lays out every block. For shapes and totals per image, the graph's input should hold one image.
 */
export function diagramOf(graph: Graph, { name, steps }: DiagramOptions): Diagram {
  const boxes = boxesOf(graph)
  const times = timesOf(boxes, steps ?? [])
  const stages = stagesOf(boxes)
  const neighbours = neighboursOf(stages.flatMap(({ blocks }) => blocks))
  const layouts = new Map<string, BlockLayout>()
  const nameOf = (id: number) => boxes[id].name
  const drawn = stages.map(stage => drawnStage(stage, neighbours, layouts, nameOf, steps && times))
  return {
    name,
    boxes,
    stages: drawn,
    depth: boxes.reduce((most, { depth }) => (depth.longest >= most.longest ? depth : most), {
      longest: 0,
      shortest: 0,
    }),
    times,
    params: parameterCount(graph),
    macs: boxes.reduce((sum, { macs }) => sum + macs, 0),
    ...(steps && { milliseconds: steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0) }),
  }
}

function drawnStage(
  { name, blocks }: Stage,
  neighbours: ReadonlyMap<Block, Neighbours>,
  layouts: Map<string, BlockLayout>,
  nameOf: (id: number) => string,
  times: ReadonlyMap<number, number> | undefined,
): DrawnStage {
  const signed = blocks.map(block => {
    const signature = signatureOf(block, neighbours.get(block)!)
    let layout = layouts.get(signature)
    if (!layout) {
      layout = layoutBlock(block, neighbours.get(block)!, nameOf)
      layouts.set(signature, layout)
    }
    const placed = layout.boxes.map((one, i) => ({ ...one, box: block.boxes[i] }))
    const caption = block.name === name ? undefined : block.name
    return { signature, drawn: { name: block.name, caption, layout: { ...layout, boxes: placed } } }
  })
  const boxes = blocks.flatMap(block => block.boxes)
  return {
    name,
    runs: runsOf(signed),
    count: blocks.length,
    output: boxes[boxes.length - 1].output,
    below: Math.max(...signed.map(({ drawn }) => drawn.layout.below)),
    ...totalsOf(boxes, times),
  }
}

/** The sums over some boxes. */
export function totalsOf(boxes: readonly Box[], times: ReadonlyMap<number, number> | undefined): Totals {
  return {
    params: boxes.reduce((sum, { params }) => sum + params, 0),
    macs: boxes.reduce((sum, { macs }) => sum + macs, 0),
    ...(times && { milliseconds: boxes.reduce((sum, { id }) => sum + (times.get(id) ?? 0), 0) }),
  }
}

/** The boxes that the axis of each block comes from and leads to. */
function neighboursOf(blocks: readonly Block[]): ReadonlyMap<Block, Neighbours> {
  const exits = blocks.map(({ boxes }, i) => {
    const read = new Set(blocks[i + 1]?.boxes.flatMap(({ inputs }) => inputs))
    return boxes.findLast(({ id }) => read.has(id))?.id
  })
  return new Map(blocks.map((block, i) => [block, { entry: exits[i - 1], exit: exits[i] }]))
}

/** Equal for blocks that differ only in their names and their position in the network. */
function signatureOf({ boxes }: Block, { entry, exit }: Neighbours): string {
  const first = boxes[0].id
  const source = (id: number) => (id === entry ? 'entry' : id < first ? `from ${id}` : id - first)
  const parts = boxes.map(({ kind, lines, params, output, inputs }) => [
    kind,
    lines,
    params,
    output,
    inputs.map(source),
  ])
  return JSON.stringify([parts, exit === undefined ? 'none' : exit - first])
}

function runsOf(signed: readonly { signature: string; drawn: DrawnBlock }[]): Run[] {
  const runs: { blocks: DrawnBlock[]; repeats: DrawnBlock[] }[] = []
  for (let from = 0; from < signed.length; ) {
    let to = from + 1
    while (to < signed.length && signed[to].signature === signed[from].signature) to++
    const [first, ...others] = signed.slice(from, to).map(({ drawn }) => drawn)
    const open = runs[runs.length - 1]
    const isMany = others.length >= MANY
    const shown = isMany ? [first] : [first, ...others]
    const repeats = isMany ? others : []
    if (open && open.repeats.length === 0) {
      open.blocks.push(...shown)
      open.repeats.push(...repeats)
    } else {
      runs.push({ blocks: shown, repeats })
    }
    from = to
  }
  return runs
}
