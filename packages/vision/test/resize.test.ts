import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Filter, resize } from '../src/index.ts'
import { image, sha256 } from './images.ts'

type Case = [kind: string, width: number, height: number, toWidth: number, toHeight: number, Filter, sha256: string]
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(new URL('goldens/resize.json', import.meta.url), 'utf8'))

describe('resize returns the same bytes as Pillow', () => {
  test.each(cases)('%s image of %i x %i to %i x %i, %s', (kind, width, height, toWidth, toHeight, filter, hash) => {
    const resized = resize(image(kind, width, height), toWidth, toHeight, filter)
    expect([resized.width, resized.height, sha256(resized.data)]).toEqual([toWidth, toHeight, hash])
  })
})
