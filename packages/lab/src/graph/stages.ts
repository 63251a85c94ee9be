import type { Box } from './boxes.ts'

/** Boxes that are drawn side by side: a residual block, the stem, the head. */
export interface Block {
  /**
   * Path of the block, such as `layer1.0`; outside blocks the stage's name, and for a part of a chain its first box's.
   */
  readonly name: string
  readonly boxes: readonly Box[]
}

/** Blocks under one heading. */
export interface Stage {
  /** Path of the stage, such as `layer1`; `stem`, `head` and the like if the boxes have no names. */
  readonly name: string
  readonly blocks: readonly Block[]
}

/** Chains without names are cut into blocks of about this many boxes. */
const LONGEST = 8

/**
 * Groups boxes by the names of their parameters: a block is a path up to its first number, as in `layer1.0.conv1`, and
 * a stage is the part before the number. Outside all blocks are the stem, where the network begins, and the head, where
 * it ends.
 */
export function stagesOf(boxes: readonly Box[]): Stage[] {
  const stages: { path: string; blocks: { path: string; boxes: Box[] }[] }[] = []
  const places = placesOf(boxes)
  for (const box of boxes) {
    const { stage, block } = places[box.id]
    let last = stages[stages.length - 1]
    if (last?.path !== stage) {
      last = { path: stage, blocks: [] }
      stages.push(last)
    }
    const open = last.blocks[last.blocks.length - 1]
    if (open?.path === block) open.boxes.push(box)
    else last.blocks.push({ path: block, boxes: [box] })
  }
  const isCut = cutsOf(boxes)
  return stages.map(({ path, blocks }, i) => {
    const place = i === 0 ? 'stem' : i === stages.length - 1 ? 'head' : 'between'
    const name = path || (stages.length === 1 ? 'network' : place)
    const pieces = blocks.flatMap(block => {
      const cut = splitAtCuts(block.boxes, isCut)
      return cut.map(boxes => ({ name: cut.length === 1 ? block.path || name : boxes[0].name, boxes }))
    })
    return { name, blocks: pieces }
  })
}

/** The block of each box; a box without a name is in a block if its neighbours are. */
function placesOf(boxes: readonly Box[]): readonly Place[] {
  const places = boxes.map(({ scope }) => placeOf(scope))
  const next = [...places]
  for (let i = places.length - 2; i >= 0; i--) if (next[i].block === '') next[i] = next[i + 1]
  let before: Place | undefined
  return places.map((place, i) => {
    if (place.block === '' && before?.block === next[i].block) return next[i]
    if (place.block !== '') before = place
    return place
  })
}

interface Place {
  readonly stage: string
  readonly block: string
}

/** `encoder.layer1.0` belongs to the stage `encoder.layer1`; without a number the whole path is stage and block. */
function placeOf(scope: string): Place {
  const parts = scope.split('.')
  const number = parts.findIndex(part => /^\d+$/.test(part))
  if (number < 0) return { stage: scope, block: scope }
  return { stage: parts.slice(0, number).join('.'), block: parts.slice(0, number + 1).join('.') }
}

/** The boxes after which a chain can be cut: only the output of that box is still needed. */
function cutsOf(boxes: readonly Box[]): readonly boolean[] {
  const lastUse = boxes.map(({ id }) => id)
  for (const box of boxes) for (const input of box.inputs) lastUse[input] = box.id
  let reach = 0
  return boxes.map(({ id }) => {
    const isCut = reach <= id
    reach = Math.max(reach, lastUse[id])
    return isCut
  })
}

function splitAtCuts(boxes: readonly Box[], isCut: readonly boolean[]): Box[][] {
  if (boxes.length <= LONGEST) return [[...boxes]]
  const pieces: Box[][] = [[]]
  for (const box of boxes) {
    const piece = pieces[pieces.length - 1]
    piece.push(box)
    if (piece.length >= LONGEST / 2 && isCut[box.id]) pieces.push([])
  }
  return pieces.filter(piece => piece.length > 0)
}
