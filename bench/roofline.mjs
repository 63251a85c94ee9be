// Measures the limits of one core for a WebAssembly kernel: products and sums in registers, and bytes from memory.
//
//   node bench/roofline.mjs
import { cpus } from 'node:os'

/** Sums in progress at once, to hide that each takes four cycles. */
const SUMS = 12
const MEGABYTES = 256
const ROUNDS = 50

/** Unsigned LEB128. */
function leb(value) {
  const low = value & 127
  return value > 127 ? [low | 128, ...leb(value >>> 7)] : [low]
}

// Parameters and locals of the function: the count of rounds, an address, a half, then the sums.
const [COUNT, ADDRESS, HALF, SUM] = [0, 1, 2, 3]
const [V128, F32, I32] = [0x7b, 0x7d, 0x7f]
const get = local => [0x20, local]
const set = local => [0x21, local]
const vector = code => [0xfd, ...leb(code)]
const [ADD, MUL, MADD, XOR] = [0xe4, 0xe6, 0x105, 0x51].map(vector)
const constant = [...vector(12), ...new Uint8Array(new Float32Array(4).fill(0.5).buffer)]
const half = get(HALF)
const splat = offset => [...vector(9), 2, ...leb(offset)]
const load = offset => [...vector(0), 4, ...leb(offset)]

/** Rows of one matrix times eight columns of the other, four steps: two sums per row, as in crates/gemm/src/tile.rs. */
function tile(rows, product) {
  const [left, right, value] = [SUM + SUMS, SUM + SUMS + 1, SUM + SUMS + 2]
  const steps = [0, 1, 2, 3].flatMap(step => [
    ...[...get(ADDRESS), ...load(32 * step), ...set(left), ...get(ADDRESS), ...load(32 * step + 16), ...set(right)],
    ...Array.from({ length: rows }, (_, row) => [
      ...[...get(ADDRESS), ...splat(16384 + 4160 * row + 4 * step), ...set(value)],
      ...[left, right].flatMap((column, j) => {
        const sum = SUM + 2 * row + j
        return [...product(value, column, sum), ...set(sum)]
      }),
    ]).flat(),
  ])
  // The address wraps around in 2 KB, which stay in the first-level cache together with the rows.
  return [...steps, ...get(ADDRESS), 0x41, 0x80, 1, 0x6a, 0x41, 0xff, 0x0f, 0x71, ...set(ADDRESS)]
}

const sums = Array.from({ length: SUMS }, (_, i) => SUM + i)
const fused = (a, b, sum) => [...get(a), ...get(b), ...get(sum), ...MADD]
const unfused = (a, b, sum) => [...get(a), ...get(b), ...MUL, ...get(sum), ...ADD]
const bodies = {
  'relaxed madd': sums.flatMap(sum => [...get(sum), ...half, ...half, ...MADD, ...set(sum)]),
  'mul and add': sums.flatMap(sum => [...get(sum), ...half, ...MUL, ...half, ...ADD, ...set(sum)]),
  '4x8 tile, relaxed madd': tile(4, fused),
  '6x8 tile, relaxed madd': tile(6, fused),
  '4x8 tile, mul and add': tile(4, unfused),
  memory: [
    ...sums.slice(0, 8).flatMap((sum, i) => [...get(sum), ...get(ADDRESS), ...load(16 * i), ...XOR, ...set(sum)]),
    ...[...get(ADDRESS), ...[0x41, 0x80, 1], 0x6a, ...set(ADDRESS)],
  ],
}

const name = text => new TextEncoder().encode(text)

/** A module whose function `run` repeats the body, and returns a sum so that nothing is optimised away. */
function moduleOf(body) {
  const section = (id, content) => [id, ...leb(content.length), ...content]
  const count = [...get(COUNT), 0x41, 1, 0x6b, 0x22, COUNT]
  const total = sums.flatMap((sum, i) => (i === 0 ? get(sum) : [...get(sum), ...ADD]))
  const code = [
    ...[2, 1, I32, SUMS + 4, V128, ...constant, ...set(HALF)],
    ...[0x03, 0x40, ...body, ...count, 0x0d, 0, 0x0b],
    ...[...total, ...vector(0x1f), 0, 0x0b],
  ]
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...leb(MEGABYTES * 16)]),
    ...section(7, [2, 3, ...name('run'), 0, 0, 6, ...name('memory'), 2, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ])
}

/** The fastest of some calls, in seconds. */
async function time(body, count) {
  const { instance } = await WebAssembly.instantiate(moduleOf(body))
  const { run, memory } = instance.exports
  // Pages that were never written to all map to the same one.
  new Uint32Array(memory.buffer).fill(0x3f000000)
  // V8 replaces the code that it compiles first during these runs.
  for (let i = 0; i < 200; i++) run(10_000)
  await new Promise(resolve => setTimeout(resolve, 200))
  let best = Infinity
  for (let i = 0; i < ROUNDS; i++) {
    const start = performance.now()
    run(count)
    best = Math.min(best, performance.now() - start)
  }
  return best / 1000
}

console.log(`Node ${process.version}, ${cpus()[0].model.trim()}, one thread, best of ${ROUNDS}`)
const rounds = 500_000
/** Operations in one round. */
const operations = {
  'relaxed madd': SUMS * 8,
  'mul and add': SUMS * 8,
  '4x8 tile, relaxed madd': 4 * 8 * 8,
  '6x8 tile, relaxed madd': 4 * 8 * 12,
  '4x8 tile, mul and add': 4 * 8 * 8,
}
for (const [label, count] of Object.entries(operations)) {
  const body = bodies[label]
  const isThere = WebAssembly.validate(moduleOf(body))
  const speed = isThere
    ? `${((rounds * count) / (await time(body, rounds)) / 1e9).toFixed(1)} GFLOP/s`
    : 'not in this Node'
  console.log(`${label.padEnd(24)} ${speed}`)
}
const bytes = MEGABYTES * 2 ** 20
const seconds = await time(bodies.memory, bytes / 128)
console.log(`${'memory'.padEnd(24)} ${(bytes / seconds / 1e9).toFixed(1)} GB/s, ${MEGABYTES} MB front to back`)
