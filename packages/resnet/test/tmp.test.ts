import { test } from 'vitest'
import { train } from '../src/index.ts'
test('x', async () => {
  const n = 16, side = 8
  const data = { length: n, width: side, height: side, classes: ['a','b'], labels: Array.from({length:n},(_,i)=>i%2),
    images: Uint8Array.from({length:n*side*side*3},(_,i)=> (Math.floor(i/(side*side*3))%2)*100 + (i*37)%97) }
  const t = train({ arch: 'resnet8', data, test: data, recipe: { epochs: 2, batch: 4, ema: 0.9, schedule: {rate: 0.02} }, backend: 'reference', out: '/tmp/tr/out'+Date.now(), worker: false })
  for await (const e of t) console.log(JSON.stringify(e))
  console.log((await t.model()).labels, (await t.checkpoint()).length)
})
