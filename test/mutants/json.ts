import { type Below, oneOf } from './bytes.ts'

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)

/** The spelling of values that a reader may not expect. */
const ODD_VALUES = [
  ...['null', 'true', 'false', '""', '[]', '{}', '[[]]', '[null]', '[0,0,0]', '{"length":4294967296}'],
  ...['0', '-0', '1', '-1', '0.5', '2147483648', '4294967295', '9007199254740993', '1e308', '1e-320', '1e999'],
  ...['"NaN"', '"Infinity"', '"-1"', '"0"', '"__proto__"', '"\\u001b[31m\\n\\u0000"', '"\\ud800"', '"resnet20_b_v2"'],
  ...['{"__proto__":{"kind":"sgd"}}', '{"toString":1,"valueOf":1}', '{"0":"a","2":"c"}', '{"-1":"a","0.5":"b"}'],
  ...[nested('[', ']', 100), nested('[', ']', 20_000), nested('{"a":', '}', 9000).replace(':}', ':1}')],
  `"${'x'.repeat(100_000)}"`,
  `[${'0,'.repeat(50_000)}0]`,
]

const ODD_KEYS = [
  '__proto__',
  'constructor',
  'length',
  'toString',
  '',
  '0',
  '-1',
  '1e3',
  'kind',
  '\u001b[2J',
  'x'.repeat(5000),
]

/** Represents an odd value until the text is written, because some of them cannot be values in JavaScript. */
const holder = (index: number) => `\u0000odd ${index}\u0000`

type Container = Record<string, unknown> | unknown[]

/** Replaces, removes, adds or copies one or two values in a JSON text, which stays valid JSON. */
export function mutateJson(text: string, below: Below): string {
  const root: Container = JSON.parse(text)
  for (let n = 1 + (below(3) >> 1); n > 0; n--)
    change(oneOf(containersIn(root), below) as Record<string, unknown>, root, below)
  return JSON.stringify(root).replace(/"\\u0000odd (\d+)\\u0000"/g, (_, index) => ODD_VALUES[index])
}

function change(parent: Record<string, unknown>, root: Container, below: Below): void {
  const keys = Object.keys(parent)
  const key = keys.length > 0 ? oneOf(keys, below) : '0'
  switch (below(6)) {
    case 0:
      delete parent[key]
      break
    case 1:
      define(parent, Array.isArray(parent) ? key : oneOf(ODD_KEYS, below), holder(below(ODD_VALUES.length)))
      break
    case 2: {
      const other = oneOf(containersIn(root), below)
      define(parent, key, JSON.parse(JSON.stringify(other)))
      break
    }
    case 3: {
      const value = parent[key]
      const near =
        typeof value === 'number' ? [value + 1, -value, value * 1e9, value / 3, `${value}`] : [[value], { value }]
      define(parent, key, oneOf<unknown>(near, below))
      break
    }
    default:
      define(parent, key, holder(below(ODD_VALUES.length)))
  }
}

/** Sets a property whatever its key, even `__proto__`. */
function define(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true })
}

function containersIn(root: Container): Container[] {
  const found: Container[] = [root]
  for (const container of found) {
    for (const value of Object.values(container))
      if (typeof value === 'object' && value !== null) found.push(value as Container)
  }
  return found
}
