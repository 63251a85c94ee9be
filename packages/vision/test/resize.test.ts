import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Filter, resize } from '../src/index.ts'
import { picture, sha256 } from './pictures.ts'

type Case = [kind: string, width: number, height: number, toWidth: number, toHeight: number, Filter, sha256: string]
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(new URL('goldens/resize.json', import.meta.url), 'utf8'))

describe('resize gives the bytes of Pillow', () => {
  it.each(cases)('%s picture of %i x %i to %i x %i, %s', (kind, width, height, toWidth, toHeight, filter, hash) => {
    const resized = resize(picture(kind, width, height), toWidth, toHeight, filter)
    expect([resized.width, resized.height, sha256(resized.data)]).toEqual([toWidth, toHeight, hash])
  })
})
