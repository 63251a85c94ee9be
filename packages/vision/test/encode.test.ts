import { decode, svgToPng, VisionError } from '@residual/vision'
import { expect, test } from 'vitest'

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10" fill="#fff"/><rect x="10" width="10" height="10" fill="#123456"/></svg>`

test.each([
  [undefined, 20, 10],
  [1, 20, 10],
  [2, 40, 20],
  [0.5, 10, 5],
])('an SVG is drawn at the scale %s', async (scale, width, height) => {
  const picture = await decode(await svgToPng(svg, { scale }))
  expect([picture.width, picture.height]).toEqual([width, height])
  const row = Array.from({ length: width }, (_, x) => [...picture.data.subarray(3 * x, 3 * x + 3)])
  expect(row).toEqual(row.map((_, x) => (x < width / 2 ? [255, 255, 255] : [0x12, 0x34, 0x56])))
})

test.each([0, 11, Number.NaN])('the scale %d makes no sense', async scale => {
  await expect(svgToPng(svg, { scale })).rejects.toThrow(new VisionError(`got the scale ${scale}, wanted 0.1 to 10`))
})

test('what is no SVG is an error', async () => {
  await expect(svgToPng('<svg')).rejects.toThrow(/^cannot draw the SVG \(.+\); is it well-formed\?$/)
})
