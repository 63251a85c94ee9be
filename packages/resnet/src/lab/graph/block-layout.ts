import { Graph, layout } from '@dagrejs/dagre'
import { px, textWidth } from '../report/svg.ts'
import type { Box } from './boxes.ts'
import type { Block } from './stages.ts'

/** Where a box is, in pixels from the block's left edge and from its axis, the line that the main path runs on. */
export interface PlacedBox {
  readonly box: Box
  readonly left: number
  /** Negative above the axis. */
  readonly top: number
  readonly width: number
  readonly height: number
}

/** What leads from box to box, into the block or out of it. */
export interface PlacedEdge {
  /** `main` on the longest way through the block, else a `shortcut`. */
  readonly kind: 'main' | 'shortcut'
  /** SVG path. */
  readonly path: string
  /** Whether it ends at a box; otherwise at the edge of the block. */
  readonly isInto: boolean
}

/** A block with everything in its place. */
export interface BlockLayout {
  readonly width: number
  /** Pixels that are needed above and below the axis. */
  readonly above: number
  readonly below: number
  readonly boxes: readonly PlacedBox[]
  readonly edges: readonly PlacedEdge[]
  /** Inputs from anywhere but the block before. */
  readonly stubs: readonly { readonly from: number; readonly left: number; readonly top: number }[]
}

/** What a block needs to know of its neighbours. */
export interface Neighbours {
  /** The box of the block before whose output enters on the axis. */
  readonly entry: number | undefined
  /** The box of this block whose output leaves on the axis. */
  readonly exit: number | undefined
}

/** Size of text in boxes; the styles say the same. */
export const TEXT = { size: 12, line: 15 }
const PADDING = { x: 6, y: 7 }
/** From the block's edge to its first box and from its last box to the edge: enough for a shortcut to rise. */
const ENDS = { entry: 28, exit: 12 }
const GAP = { ranks: 18, nodes: 22, edges: 14 }
/** Of what comes from a block that is not the one before. */
const STUB_WIDTH = 10

/** How dagre may align: the one that leaves the main path straightest is taken. */
const ALIGNMENTS = ['UL', 'DL', 'UR', 'DR']

interface Point {
  readonly x: number
  readonly y: number
}

interface Edge {
  readonly from: string
  readonly to: string
  readonly isMain: boolean
}

/**
 * Lays a block out from left to right, the longest way through it on one straight line and shortcuts in arcs above it.
 */
export function layoutBlock({ boxes }: Block, { entry, exit }: Neighbours): BlockLayout {
  const own = new Set(boxes.map(({ id }) => id))
  const main = mainPath(boxes, own, entry, exit)
  const outside = [...new Set(boxes.flatMap(({ inputs }) => inputs.filter(id => !own.has(id))))]
  const edges: Edge[] = boxes.flatMap(box =>
    box.inputs.map(input => ({
      from: own.has(input) ? String(input) : `from ${input}`,
      to: String(box.id),
      isMain:
        main.has(box.id) &&
        (input === main.get(box.id) || (!own.has(input) && main.get(box.id) === undefined && input === entry)),
    })),
  )
  if (exit !== undefined) edges.push({ from: String(exit), to: 'exit', isMain: true })
  const sizes = new Map<string, { width: number; height: number }>([
    ...boxes.map(box => [String(box.id), sizeOf(box)] as const),
    ...outside.map(
      id => [`from ${id}`, { width: id === entry ? 0 : STUB_WIDTH, height: id === entry ? 0 : TEXT.line }] as const,
    ),
    ...(exit === undefined ? [] : [['exit', { width: 0, height: 0 }] as const]),
  ])
  const straight = new Set([
    ...[...main.keys()].map(String),
    ...(entry !== undefined && outside.includes(entry) ? [`from ${entry}`] : []),
  ])
  const best = ALIGNMENTS.map(align => arranged(sizes, edges, align, straight)).reduce((a, b) =>
    b.bend < a.bend ? b : a,
  )
  return placed(best, boxes, edges, sizes, outside, entry)
}

/** The boxes on the longest way from the entry to the exit, each with the one before it on that way. */
function mainPath(
  boxes: readonly Box[],
  own: ReadonlySet<number>,
  entry: number | undefined,
  exit: number | undefined,
): Map<number, number | undefined> {
  const length = new Map<number, number>()
  const before = new Map<number, number | undefined>()
  for (const { id, inputs } of boxes) {
    // A way that begins at the entry is longer than one that begins elsewhere.
    let longest = inputs.some(input => input === entry) ? 1 : 0
    let previous: number | undefined
    for (const input of inputs) {
      const way = own.has(input) ? length.get(input)! + 1 : 0
      if (way > longest) {
        longest = way
        previous = input
      }
    }
    length.set(id, longest)
    before.set(id, previous)
  }
  const path = new Map<number, number | undefined>()
  let at: number | undefined = exit ?? boxes[boxes.length - 1].id
  while (at !== undefined) {
    path.set(at, before.get(at))
    at = before.get(at)
  }
  return path
}

function sizeOf({ lines }: Box): { width: number; height: number } {
  const widest = Math.max(...lines.map((line, i) => textWidth(line, TEXT.size) * (i === 0 ? 1.08 : 1)))
  return { width: Math.ceil(Math.max(widest, 14) + 2 * PADDING.x), height: lines.length * TEXT.line + 2 * PADDING.y }
}

interface Arranged {
  readonly nodes: ReadonlyMap<string, Point>
  readonly bends: readonly (readonly Point[])[]
  /** The axis. */
  readonly y: number
  /** How far the main path is from it, in pixels all in all. */
  readonly bend: number
}

function arranged(
  sizes: ReadonlyMap<string, { width: number; height: number }>,
  edges: readonly Edge[],
  align: string,
  straight: ReadonlySet<string>,
): Arranged {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', align, nodesep: GAP.nodes, edgesep: GAP.edges, ranksep: GAP.ranks })
  for (const [name, size] of sizes) graph.setNode(name, { ...size })
  for (const { from, to, isMain } of edges) graph.setEdge(from, to, { weight: isMain ? 8 : 1 })
  layout(graph)
  const nodes = new Map([...sizes.keys()].map(name => [name, graph.node(name) as Point]))
  const along = [...straight].map(name => nodes.get(name)!.y)
  const y = along.length === 0 ? 0 : along.reduce((sum, value) => sum + value) / along.length
  const bends = edges.map(({ from, to }) => (graph.edge(from, to) as { points: Point[] }).points.slice(1, -1))
  return { nodes, bends, y, bend: along.reduce((sum, value) => sum + Math.abs(value - y), 0) }
}

/** Turns what dagre gave into coordinates around the axis, mirrored where most shortcuts would run below it. */
function placed(
  { nodes, bends, y: axis }: Arranged,
  boxes: readonly Box[],
  edges: readonly Edge[],
  sizes: ReadonlyMap<string, { width: number; height: number }>,
  outside: readonly number[],
  entry: number | undefined,
): BlockLayout {
  const offAxis = [...nodes.values(), ...bends.flat()].reduce((sum, { y }) => sum + (y - axis), 0)
  const sign = offAxis > 0 ? -1 : 1
  const hasEntry = entry !== undefined && outside.includes(entry)
  const shift = hasEntry ? ENDS.entry - GAP.ranks - nodes.get(`from ${entry}`)!.x : 8
  const move = ({ x, y }: Point): Point => ({ x: px(x + shift), y: px(sign * (y - axis)) })
  const placedBoxes = boxes.map((box): PlacedBox => {
    const [{ x, y }, { width, height }] = [move(nodes.get(String(box.id))!), sizes.get(String(box.id))!]
    return { box, left: px(x - width / 2), top: px(y - height / 2), width, height }
  })
  const byName = new Map(placedBoxes.map(one => [String(one.box.id), one]))
  const right = Math.max(...placedBoxes.map(({ left, width }) => left + width))
  const hasExit = nodes.has('exit')
  const width = Math.ceil(right + (hasExit ? ENDS.exit : 8))
  const paths = edges.map(({ from, to, isMain }, i): PlacedEdge => {
    const [source, target] = [byName.get(from), byName.get(to)]
    const start = source
      ? { x: source.left + source.width, y: source.top + source.height / 2 }
      : startOf(move(nodes.get(from)!), from === `from ${entry}`)
    const end = target ? { x: target.left, y: target.top + target.height / 2 } : { x: width, y: 0 }
    const points = [start, ...bends[i].map(move), end]
    return {
      kind: isMain ? 'main' : 'shortcut',
      path: target ? pathInto(target, points) : curve(points),
      isInto: target !== undefined,
    }
  })
  const lanes = bends.flat().map(point => move(point).y)
  const stubs = outside.flatMap(id => (id === entry ? [] : [{ from: id, ...corner(move(nodes.get(`from ${id}`)!)) }]))
  return {
    width,
    above: Math.ceil(
      -Math.min(0, ...placedBoxes.map(({ top }) => top), ...lanes.map(y => y - 4), ...stubs.map(({ top }) => top - 12)),
    ),
    below: Math.ceil(
      Math.max(
        0,
        ...placedBoxes.map(({ top, height }) => top + height),
        ...lanes.map(y => y + 4),
        ...stubs.map(({ top }) => top + 4),
      ),
    ),
    boxes: placedBoxes,
    edges: paths,
    stubs,
  }
}

/** What enters on the axis comes from the block's very edge. */
const startOf = ({ x, y }: Point, isEntry: boolean): Point => (isEntry ? { x: 0, y } : { x: x + STUB_WIDTH / 2, y })

const corner = ({ x, y }: Point): { left: number; top: number } => ({ left: px(x - STUB_WIDTH / 2), top: y })

/** Into a sum what comes from above or below goes straight down or up, as papers draw it; else from the left. */
function pathInto({ box, left, top, width, height }: PlacedBox, points: readonly Point[]): string {
  const last = points[points.length - 2]
  const middle = top + height / 2
  if (box.kind !== 'sum' || Math.abs(last.y - middle) < height) return curve(points)
  const x = px(left + width / 2)
  const y = last.y < middle ? top : top + height
  const turn = { x: x - 22, y: last.y }
  const way = curve(turn.x > last.x ? [...points.slice(0, -1), turn] : points.slice(0, -1))
  return `${way}C${x} ${last.y} ${x} ${last.y} ${x} ${px(y)}`
}

/** How far from a point a line has left its height for the next one's: within the gap between two ranks. */
const RISE = 22

/** A line that is level at every point. Away from the axis it goes at once, towards it late, clear of boxes between. */
function curve(given: readonly Point[]): string {
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
