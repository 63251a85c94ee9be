import { FormatError } from '@residual/core'
import {
  boolean,
  byKind,
  checkOptions,
  type Input,
  list,
  number,
  type Option,
  type Output,
  object,
  oneOf,
  options,
  readText,
  rising,
  someOf,
  text,
  value,
  whole,
} from '@residual/core/schema'
import { describe, expect, expectTypeOf, test } from 'vitest'

const shape = options({
  side: whole(1, 8, 'pixels').default(4).help('length of a side'),
  colour: oneOf('red', 'blue').optional(),
  name: text,
})
const drawing = options({
  shape,
  points: rising(list(number(0, 1))).default([0, 1]),
  kind: byKind({ dot: { options: options({ radius: number(0).default(1) }) }, line: { options: options({}) } }),
})

describe('options', () => {
  test('have the declared types', () => {
    expectTypeOf<Input<typeof shape>>().toEqualTypeOf<{
      readonly name: string
      readonly side?: number
      readonly colour?: 'red' | 'blue'
    }>()
    expectTypeOf<Output<typeof shape>>().toEqualTypeOf<{
      readonly side: number
      readonly name: string
      readonly colour?: 'red' | 'blue'
    }>()
    expectTypeOf<Output<typeof drawing>['kind']>().toEqualTypeOf<
      { readonly kind: 'dot'; readonly radius: number } | { readonly kind: 'line' }
    >()
  })

  test('get their defaults', () => {
    expect(checkOptions('draw', { shape: { name: 'a' } }, drawing)).toEqual({
      shape: { side: 4, name: 'a' },
      points: [0, 1],
      kind: { kind: 'dot', radius: 1 },
    })
    expect(shape.fields.side.facts).toMatchObject({ default: 4, help: 'length of a side' })
  })

  test('have no default if they are made optional', () => {
    const side = shape.fields.side.optional()
    expect(checkOptions('draw', undefined, side)).toBeUndefined()
    expect(side.facts).toEqual({
      wanted: 'a whole number of pixels from 1 to 8',
      text: 'whole',
      help: 'length of a side',
    })
  })

  const given = { shape: { name: 'a' } }
  test.each<[given: unknown, message: string]>([
    [null, 'got null, wanted an object'],
    [{}, 'got shape.name nothing, wanted a string'],
    [{ shape: { name: 'a', size: 3 } }, 'got the unknown key "shape.size", wanted some of side, colour, name'],
    [{ shape: { name: 'a', side: 9 } }, 'got shape.side 9, wanted a whole number of pixels from 1 to 8'],
    [{ shape: { name: 'a', side: null } }, 'got shape.side null, wanted a whole number of pixels from 1 to 8'],
    [{ shape: { name: 'a', colour: 'green' } }, 'got shape.colour "green", wanted "red" or "blue"'],
    [{ ...given, points: [0, 2] }, 'got points[1] 2, wanted a number from 0 to 1'],
    [{ ...given, points: [1, 0] }, 'got points [1,0], wanted a list of rising numbers'],
    [{ ...given, kind: { kind: 'toString' } }, 'got kind.kind "toString", wanted "dot" or "line"'],
    [{ ...given, kind: { radius: -1 } }, 'got kind.radius -1, wanted a number of at least 0'],
    [{ ...given, kind: { kind: 'line', radius: 1 } }, 'got the unknown key "kind.radius", wanted some of kind'],
    [JSON.parse('{"__proto__":{"shape":{}}}'), 'got the unknown key "__proto__", wanted some of shape, points, kind'],
  ])('%j is refused', (given, message) => {
    expect(() => checkOptions('draw', given, drawing)).toThrow(
      expect.objectContaining({ name: 'ResidualError', message: `draw: ${message}` }),
    )
  })

  test('that declare no keys refuse every key', () => {
    expect(() => checkOptions('draw', { side: 1 }, options({}))).toThrow(
      'draw: got the unknown key "side", wanted no options',
    )
  })

  test("in other people's files may be next to other keys, and null counts as missing", () => {
    const config = someOf({ size: whole(1, 8).default(2), crop: number(0, 1).optional() })
    expect(checkOptions('a.json', { size: null, crop: null, other: 1 }, config)).toEqual({ size: 2 })
    expect(() => checkOptions('a.json', { size: '2' }, config, FormatError)).toThrow(
      new FormatError('a.json: got size "2", wanted a whole number from 1 to 8'),
    )
  })
})

describe('texts of the command line', () => {
  test.each<[option: Option<unknown, unknown>, text: string, value: unknown]>([
    [whole(1, 64), '12', 12],
    [number(0), '.5e-3', 0.0005],
    [boolean, 'false', false],
    [text, '1', '1'],
    [oneOf('a', 'b'), 'b', 'b'],
    [list(whole(1)), '20,56', [20, 56]],
    [list(number(0), 3), '.1, .2,.3', [0.1, 0.2, 0.3]],
  ])('%#: %j is read', (option, text, value) => {
    expect(readText(option, text, Error)).toEqual(value)
  })

  test.each<[option: Option<unknown, unknown>, text: string, wanted: string]>([
    [whole(1, 64), '65', 'a whole number from 1 to 64'],
    [whole(1, 64), '1e1', 'a whole number from 1 to 64'],
    [whole(1), '', 'a whole number of at least 1'],
    [number(0), ' ', 'a number of at least 0'],
    [number(0), 'Infinity', 'a number of at least 0'],
    [boolean, 'yes', 'true or false'],
    [oneOf('a', 'b'), 'c', '"a" or "b"'],
    [list(whole(1)), '20,', 'a whole number of at least 1'],
    [list(number(0), 3), '1,2,-3', 'a number of at least 0'],
    [list(number(0), 3), '1,2', 'a list of 3'],
    [value('an even number', given => Number(given) % 2 === 0), '3', 'an even number'],
    [object('a source', 'length'), 'abc', 'a source'],
  ])('%#: %j is refused', (option, text, wanted) => {
    expect(() => readText(option, text, wanted => new FormatError(wanted))).toThrow(new FormatError(wanted))
  })
})
