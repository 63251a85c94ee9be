import { Graph, layout } from '@dagrejs/dagre'
import { px, textWidth } from '../report/svg.ts'
import type { Box } from './boxes.ts'
import { curve, type Point, pathInto } from './route.ts'
import type { Block } from './stages.ts'

/** Where a box is, in pixels from the block's left edge and from its axis, the line that the main path runs on. */
interface PlacedBox {
  readonly box: Box
  readonly left: number
  /** Negative above the axis. */
  readonly top: number
  readonly width: number
  readonly height: number
}

/** A line from box to box, into the block or out of it. */
interface PlacedEdge {
  /** `main` on the longest path through the block, otherwise `shortcut`. */
  readonly kind: 'main' | 'shortcut'
  /** SVG path. */
  readonly path: string
  /** Whether it ends at a box; otherwise at the edge of the block. */
  readonly isInto: boolean
}

/** A block with all positions. */
export interface BlockLayout {
  readonly width: number
  /** Pixels above and below the axis. */
  readonly above: number
  readonly below: number
  readonly boxes: readonly PlacedBox[]
  readonly edges: readonly PlacedEdge[]
  /** Inputs that do not come from the previous block: texts to the left of where their lines start. */
  readonly stubs: readonly { readonly text: string; readonly left: number; readonly y: number }[]
}

/** What a block's layout depends on outside the block. */
export interface Neighbours {
  /** The box of the previous block whose output enters on the axis. */
  readonly entry: number | undefined
  /** The box of this block whose output leaves on the axis. */
  readonly exit: number | undefined
}

/** Size of text in boxes; the styles use the same. */
export const TEXT = { size: 12, line: 15 }
const PADDING = { x: 6, y: 7 }
/** From the block's edge to its first box and from its last box to the edge: enough for a shortcut to rise. */
const ENDS = { entry: 28, exit: 12 }
const GAP = { ranks: 18, nodes: 22, edges: 14 }
/** dagre's alignments; the one with the straightest main path is used. */
const ALIGNMENTS = ['UL', 'DL', 'UR', 'DR']

interface Edge {
  readonly from: string
  readonly to: string
  readonly isMain: boolean
}

/**
 * Lays a block out from left to right, with the longest path on one straight line and shortcuts in arcs above it.
 * @param nameOf name of the box with an id, for inputs that come from further away
 */
export function layoutBlock(
  { boxes }: Block,
  { entry, exit }: Neighbours,
  nameOf: (id: number) => string,
): BlockLayout {
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
  const stubs = new Map(outside.filter(id => id !== entry).map(id => [`from ${id}`, `from ${nameOf(id)}`]))
  const point = { width: 0, height: 0 }
  const sizes = new Map<string, Size>([
    ...boxes.map(box => [String(box.id), sizeOf(box)] as const),
    ...outside.map(id => [`from ${id}`, point] as const),
    ...[...stubs].map(([name, text]) => [name, { width: textWidth(text, TEXT.size), height: TEXT.line }] as const),
    ...(exit === undefined ? [] : [['exit', point] as const]),
  ])
  const straight = [...main.keys()].map(String)
  const arrangements = ALIGNMENTS.map(align => arranged(sizes, edges, align, straight))
  const best = arrangements.reduce((a, b) => (b.bend < a.bend ? b : a))
  return placed(best, boxes, edges, sizes, stubs)
}

/** The boxes on the longest path from the entry to the exit, each with the box before it on that path. */
function mainPath(
  boxes: readonly Box[],
  own: ReadonlySet<number>,
  entry: number | undefined,
  exit: number | undefined,
): Map<number, number | undefined> {
  const length = new Map<number, number>()
  const before = new Map<number, number | undefined>()
  for (const { id, inputs } of boxes) {
    // A path that begins at the entry counts as longer than one that begins elsewhere.
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

interface Size {
  readonly width: number
  readonly height: number
}

function sizeOf({ lines }: Box): Size {
  const widest = Math.max(...lines.map((line, i) => textWidth(line, TEXT.size) * (i === 0 ? 1.08 : 1)))
  return { width: Math.ceil(Math.max(widest, 17) + 2 * PADDING.x), height: lines.length * TEXT.line + 2 * PADDING.y }
}

interface Arranged {
  readonly nodes: ReadonlyMap<string, Point>
  /** The points of each edge. */
  readonly bends: readonly (readonly Point[])[]
  /** Where the main path leaves. */
  readonly axis: number
  /** The sum of the distances of the main path from there, in pixels. */
  readonly bend: number
}

/** @param straight the main path, from its end to its start */
function arranged(
  sizes: ReadonlyMap<string, Size>,
  edges: readonly Edge[],
  align: string,
  straight: readonly string[],
): Arranged {
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', align, nodesep: GAP.nodes, edgesep: GAP.edges, ranksep: GAP.ranks })
  for (const [name, size] of sizes) graph.setNode(name, { ...size })
  for (const { from, to, isMain } of edges) graph.setEdge(from, to, { weight: isMain ? 8 : 1 })
  layout(graph)
  const nodes = new Map([...sizes.keys()].map(name => [name, graph.node(name) as Point]))
  const axis = nodes.get(straight[0])!.y
  const bends = edges.map(({ from, to }) => (graph.edge(from, to) as { points: Point[] }).points.slice(1, -1))
  return { nodes, bends, axis, bend: straight.reduce((sum, name) => sum + Math.abs(nodes.get(name)!.y - axis), 0) }
}

/** Converts dagre's coordinates to ones around the axis, mirrored if most shortcuts would run below it. */
function placed(
  { nodes, bends, axis }: Arranged,
  boxes: readonly Box[],
  edges: readonly Edge[],
  sizes: ReadonlyMap<string, Size>,
  stubs: ReadonlyMap<string, string>,
): BlockLayout {
  const offAxis = [...nodes.values(), ...bends.flat()].reduce((sum, { y }) => sum + (y - axis), 0)
  const sign = offAxis > 0 ? -1 : 1
  // A node that is neither a box nor a stub is where the axis enters or leaves.
  const entry = [...nodes.keys()].find(name => name.startsWith('from') && !stubs.has(name))
  const others = [...nodes].filter(([name]) => name !== entry)
  const leftmost = Math.min(...others.map(([name, { x }]) => x - sizes.get(name)!.width / 2))
  const shift = (entry === undefined ? 8 : ENDS.entry) - leftmost
  const move = ({ x, y }: Point): Point => ({ x: px(x + shift), y: px(sign * (y - axis)) })
  const placedBoxes = boxes.map((box): PlacedBox => {
    const [{ x, y }, { width, height }] = [move(nodes.get(String(box.id))!), sizes.get(String(box.id))!]
    return { box, left: px(x - width / 2), top: px(y - height / 2), width, height }
  })
  const placedStubs = [...stubs].map(([name, text]) => {
    const { x, y } = move(nodes.get(name)!)
    return { text, left: px(x - sizes.get(name)!.width / 2), y }
  })
  const byName = new Map(placedBoxes.map(one => [String(one.box.id), one]))
  const right = Math.max(...placedBoxes.map(({ left, width }) => left + width))
  const width = Math.ceil(right + (nodes.has('exit') ? ENDS.exit : 8))
  const startOf = (name: string): Point => {
    const { x, y } = move(nodes.get(name)!)
    return name === entry ? { x: 0, y: 0 } : { x: px(x + sizes.get(name)!.width / 2), y }
  }
  const paths = edges.map(({ from, to, isMain }, i): PlacedEdge => {
    const target = byName.get(to)
    const end = target ? { x: target.left, y: px(target.top + target.height / 2) } : { x: width, y: 0 }
    const points = [startOf(from), ...bends[i].map(move), end]
    return {
      kind: isMain ? 'main' : 'shortcut',
      path: target?.box.kind === 'sum' ? pathInto(target, points) : curve(points),
      isInto: target !== undefined,
    }
  })
  const heights = [
    0,
    ...bends.flat().flatMap(point => [move(point).y - 4, move(point).y + 4]),
    ...placedBoxes.flatMap(({ top, height }) => [top, top + height]),
    ...placedStubs.flatMap(({ y }) => [y - TEXT.line / 2, y + TEXT.line / 2]),
  ]
  return {
    width,
    above: Math.ceil(-Math.min(...heights)),
    below: Math.ceil(Math.max(...heights)),
    boxes: placedBoxes,
    edges: paths,
    stubs: placedStubs,
  }
}
