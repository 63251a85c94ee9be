import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FormatError, messageLine, printable, ResidualError } from '../src/index.ts'

/** Ranges of the codes of characters that must not reach a terminal, first and last. */
const FORBIDDEN = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x61c, 0x61c],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2066, 0x2069],
  [0xd800, 0xdfff],
] as const

const isForbidden = (character: string) =>
  FORBIDDEN.some(([first, last]) => character.codePointAt(0)! >= first && character.codePointAt(0)! <= last)

describe('printable', () => {
  test.each<[what: string, text: string, shown: string]>([
    ['a colour', '\u001b[31mred', '\\u001b[31mred'],
    ['the title of a window', '\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
    ['a colour with a one-byte introducer', '\u009b31m', '\\u009b31m'],
    ['lines', 'a\nb\r\nc\td', 'a\\nb\\r\\nc\\td'],
    ['other line breaks', '\u000b\u000c\u0085\u2028\u2029', '\\u000b\\f\\u0085\\u2028\\u2029'],
    ['characters that delete', '\b\u007f\u0000', '\\b\\u007f\\u0000'],
    ['a reversal of text', 'cat\u202egpj.exe', 'cat\\u202egpj.exe'],
    ['marks of direction', '\u200e\u200f\u061c\u2066\u2069', '\\u200e\\u200f\\u061c\\u2066\\u2069'],
    ['halves of a surrogate pair', '\ud83d \ude00', '\\ud83d \\ude00'],
    ['escaped text', 'C:\\new\\u001b', 'C:\\new\\u001b'],
    ['nothing', '', ''],
    ['names of files', 'Été 漢字 שלום नमस्ते 😀 (1).jpg', 'Été 漢字 שלום नमस्ते 😀 (1).jpg'],
    ['joined emoji', '👩‍👩‍👧 🏳️‍🌈', '👩‍👩‍👧 🏳️‍🌈'],
  ])('shows %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  test('escapes every character that a terminal obeys, and no other', () => {
    const codes = Array.from({ length: 0x11_0000 }, (_, code) => code)
    const changed = codes.filter(code => printable(String.fromCodePoint(code)) !== String.fromCodePoint(code))
    expect(changed).toEqual(codes.filter(code => isForbidden(String.fromCodePoint(code))))
    for (const code of changed) expect(printable(String.fromCodePoint(code))).toMatch(/^\\([bfnrt]|u[0-9a-f]{4})$/)
  })

  test('leaves its own output as it is, and keeps the value of JSON', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.nat(0xffff).map(code => String.fromCharCode(code)),
        fc.constant('\\'),
      ),
    })
    fc.assert(
      fc.property(text, value => {
        expect(printable(printable(value))).toBe(printable(value))
        const json = printable(JSON.stringify({ [value]: value }))
        expect([...json].some(isForbidden)).toBe(false)
        expect(JSON.parse(json)).toEqual({ [value]: value })
      }),
    )
  })
})

describe('the message of an error', () => {
  test('is shortened in the middle if it is very long', () => {
    expect(messageLine(`${'a'.repeat(1e6)}; try b`)).toBe(`${'a'.repeat(1500)}…${'a'.repeat(293)}; try b`)
    const most = 'c'.repeat(1800)
    expect(messageLine(most)).toBe(most)
  })

  test.each([ResidualError, FormatError])('of %o is printable', type => {
    const cause = new Error('cause')
    const error = new type('a worker\u001b[31m\nended', { cause })
    expect(error).toMatchObject({ message: 'a worker\\u001b[31m\\nended', cause })
    expect(error.stack).not.toContain('\u001b')
  })
})
