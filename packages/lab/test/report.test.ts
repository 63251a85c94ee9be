import { describe, expect, test } from 'vitest'
import { barChart, dataTable, figure, heatMap, lineChart, markup, page, svgFile } from '../src/index.ts'

/** The texts of a drawing, in order. */
const textsOf = (svg: { text: string }): string[] => [...svg.text.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(m => m[1])

const ticksOf = (svg: { text: string }): string[] => {
  const [, group] = /<g class="ticks">(.*?)<\/g>/.exec(svg.text)!
  return textsOf({ text: group })
}

describe('markup', () => {
  test.each([
    ['text', markup`<b title="${'"\'<&>'}">${'a < b'}</b>`, '<b title="&quot;&#39;&lt;&amp;&gt;">a &lt; b</b>'],
    ['markup', markup`<p>${markup`<b>${'&'}</b>`}</p>`, '<p><b>&amp;</b></p>'],
    ['lists', markup`${[1, ' ', markup`<br>`, ['<']]}`, '1 <br>&lt;'],
    ['nothing', markup`[${undefined}${false}${[]}]`, '[]'],
    ['zero', markup`${0}`, '0'],
    [
      'characters that XML does not allow',
      markup`${'a\u0000b\u001bc\ud800d\u{1f600}\n'}`,
      'a\ufffdb\ufffdc\ufffdd\u{1f600}\n',
    ],
  ])('escapes or keeps %s', (_, { text }, wanted) => {
    expect(text).toBe(wanted)
  })
})

describe('a page', () => {
  const text = page({
    title: 'A <title>',
    lead: 'Lead & more',
    body: markup`<section><h2>Body</h2></section>`,
    styles: '.x{color:red}</style><b>',
    scripts: "console.log('</script>')",
  })

  test('escapes its texts, so that no element ends early', () => {
    expect(text).toContain('<title>A &lt;title&gt;</title>')
    expect(text).toContain('<p class="lead">Lead &amp; more</p>')
    expect(text.match(/<\/style>/g)).toHaveLength(1)
    expect(text.match(/<\/script>/g)).toHaveLength(1)
  })

  test('is one file that may fetch nothing, light or dark, with a link that skips its head', () => {
    expect(text).not.toMatch(/(src|href)="(?!#|data:,)/)
    expect(text).not.toMatch(/@import|url\(/)
    expect(text).toContain('default-src &#39;none&#39;;')
    expect(text).toContain('prefers-color-scheme:dark')
    expect(text).toContain('<html lang="en">')
    expect(text).toContain('<a class="skip" href="#content">')
    expect(text).toContain('<main id="content"')
  })
})

test('a table names its rows and columns, and aligns numbers', () => {
  const { text } = dataTable({ caption: 'T', headings: ['name', '>n'], rows: [['<a>', 1]], rowId: row => `r${row}` })
  expect(text).toContain('<th scope="col">name</th><th scope="col" class="n">n</th>')
  expect(text).toContain('<tr id="r0"><th scope="row">&lt;a&gt;</th><td class="n">1</td></tr>')
})

describe('a line chart', () => {
  const linear = { label: 'x' }
  const line = (points: readonly (readonly [number, number])[]) => ({ name: 'one', points })

  test.each([
    ['round numbers', [0, 97], {}, ['0', '20', '40', '60', '80', '100']],
    ['small numbers', [0.001, 0.0042], {}, ['0.001', '0.002', '0.003', '0.004', '0.005']],
    ['negative numbers', [-3, 4], {}, ['−4', '−2', '0', '2', '4']],
    ['large numbers', [0, 2_300_000], {}, ['0', '500k', '1M', '1.5M', '2M', '2.5M']],
    ['one number', [5, 5], {}, ['4', '4.5', '5', '5.5', '6']],
    ['no number', [Number.NaN, Infinity], {}, ['−1', '−0.5', '0', '0.5', '1']],
    ['chosen ends', [3, 7], { min: 0, max: 10 }, ['0', '2', '4', '6', '8', '10']],
    ['powers of ten', [1e-7, 1], { scale: 'log' }, ['10⁻⁶', '10⁻⁴', '0.01', '1']],
    ['few decades', [2, 80], { scale: 'log' }, ['1', '2', '5', '10', '20', '50', '100']],
    ['logarithms of nothing', [0, -1], { scale: 'log' }, ['1', '2', '5', '10']],
  ] as const)('has ticks for %s', (_, values, axis, wanted) => {
    const { svg } = lineChart({
      title: 'T',
      series: [line(values.map((value, i) => [i, value]))],
      x: linear,
      y: { label: 'y', format: undefined, ...axis },
    })
    expect(ticksOf(svg).slice(0, wanted.length)).toEqual(wanted)
  })

  test('leaves gaps, and draws every point at its place', () => {
    const { svg } = lineChart({
      title: 'T',
      series: [
        line([
          [0, 0],
          [1, 10],
          [2, Number.NaN],
          [3, 10],
          [4, 0],
        ]),
      ],
      x: linear,
      y: { label: 'y' },
      width: 200,
      height: 200,
    })
    const path = /class="line hue0" d="([^"]*)"/.exec(svg.text)![1]
    expect(path).toMatch(/^M[\d.]+ 152L[\d.]+ 44M[\d.]+ 44L184 152$/)
    expect(svg.text.match(/<circle/g)).toHaveLength(4)
  })

  test('has a legend, bands and dashes', () => {
    const series = [
      {
        ...line([
          [0, 1],
          [1, 2],
        ]),
        band: [
          [0, 0.5, 1.5],
          [1, 1.5, 2.5],
        ] as const,
      },
      {
        name: '<two>',
        points: [
          [0, 2],
          [1, 1],
        ] as const,
        hue: 5,
        dashed: true,
      },
    ]
    const { svg } = lineChart({ title: 'Two & one', series, x: linear, y: { label: 'y' } })
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['Two &amp; one', 'one', '&lt;two&gt;', 'x', 'y']))
    expect(svg.text).toContain('aria-label="Two &amp; one: y against x of one, &lt;two&gt;"')
    expect(svg.text).toMatch(/class="band hue0" d="M.*L.*L.*L.*Z"/)
    expect(svg.text).toContain('class="line hue5 dashed"')
  })

  test('breaks a long title between its words, and makes room for it', () => {
    const drawn = (title: string) =>
      lineChart({ title, series: [line([[0, 1]])], x: linear, y: { label: 'y' }, width: 340 }).svg.text
    const lines = (text: string) => [...text.matchAll(/<text class="title" x="2" y="(\d+)">(.*?)</g)]
    const short = drawn('Error')
    const long = drawn('Gradient of the weights by layer, plain-56 and residual-56, before training')
    expect(lines(short).map(([, y, text]) => [y, text])).toEqual([['17', 'Error']])
    expect(lines(long).map(([, y, text]) => [y, text])).toEqual([
      ['17', 'Gradient of the weights by layer,'],
      ['35', 'plain-56 and residual-56, before'],
      ['53', 'training'],
    ])
    const top = (text: string) => Number(/class="grid">.*M\d+ ([\d.]+)H\d+"\/><\/g>/.exec(text)![1])
    expect(top(long) - top(short)).toBe(36)
  })

  test('takes many points', () => {
    const points = Array.from({ length: 200_000 }, (_, i) => [i, Math.sin(i)] as const)
    const { svg } = lineChart({ title: 'T', series: [line(points)], x: linear, y: { label: 'y' } })
    expect(svg.text).not.toContain('NaN')
  })

  test('becomes a separate file whose colours need no custom properties', () => {
    const file = svgFile(
      lineChart({
        title: 'T',
        series: [
          line([
            [0, 1],
            [1, 2],
          ]),
        ],
        x: linear,
        y: { label: 'y' },
      }),
    )
    expect(file).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" /)
    expect(file).toMatch(/<\/svg>\n$/)
    expect(file).not.toContain('var(')
    expect(file).toContain('prefers-color-scheme:dark')
  })

  test('is drawn for a wide and for a narrow page', () => {
    const draw = (width: number) =>
      lineChart({ title: 'T', series: [line([[0, 1]])], x: linear, y: { label: 'y' }, width })
    const table = dataTable({ caption: 'T', headings: ['x'], rows: [[1]] })
    const { text } = figure({ draw, caption: 'C <', table })
    expect([...text.matchAll(/<svg[^>]* width="(\d+)"/g)].map(match => match[1])).toEqual(['760', '340'])
    expect(text).toContain('<figcaption>C &lt;</figcaption><details><summary>The numbers</summary>')
  })
})

describe('a bar chart', () => {
  test('has a bar for each number, up or down from 0', () => {
    const { svg } = barChart({
      title: 'T',
      categories: ['a', 'b', 'c'],
      series: [
        { name: 'one', values: [1, -1, Number.NaN] },
        { name: 'two', values: [2, 0, 1] },
      ],
      x: { label: 'x' },
      y: { label: 'y' },
    })
    expect([...svg.text.matchAll(/<title>(.*?)<\/title>/g)].map(match => match[1])).toEqual([
      'a, one: 1',
      'a, two: 2',
      'b, one: -1',
      'b, two: 0',
      'c, two: 1',
    ])
    expect(svg.text).not.toContain('height="-')
  })

  test('names only as many categories as have space', () => {
    const categories = Array.from({ length: 56 }, (_, i) => `layer${i}`)
    const { svg } = barChart({
      title: 'T',
      categories,
      series: [{ name: 'one', values: categories.map((_, i) => i) }],
      x: { label: 'x' },
      y: { label: 'y' },
    })
    const named = ticksOf(svg).filter(text => text.startsWith('layer'))
    expect(named.length).toBeGreaterThan(5)
    expect(named.length).toBeLessThan(20)
  })
})

describe('a heat map', () => {
  const map = (values: readonly (readonly number[])[], width?: number) =>
    heatMap({
      title: 'T',
      rows: values.map((_, i) => `row ${i}`),
      values,
      x: { label: 'x' },
      y: { label: 'y' },
      colour: { label: 'c', scale: 'log', min: 0.01, max: 1 },
      width,
    }).svg.text
  const pathsIn = (text: string) =>
    [...text.matchAll(/<path class="heat" fill-opacity="([\d.]+)" d="([^"]*)"/g)].map(([, opacity, d]) => ({
      opacity: Number(opacity),
      cells: d.split('M').length - 1,
    }))

  test('shades cells from pale to strong, values beyond the ends as at the ends, and joins neighbours of one shade', () => {
    expect(
      pathsIn(
        map([
          [0.01, 0.001, 1],
          [0.1, 1, 100],
        ]),
      ),
    ).toEqual([
      { opacity: 0.08, cells: 1 },
      { opacity: 1, cells: 2 },
      { opacity: expect.closeTo(0.54, 1), cells: 1 },
    ])
  })

  test('leaves values blank that are not on the scale', () => {
    expect(pathsIn(map([[0, Number.NaN, 1, Number.NaN]]))).toEqual([{ opacity: 1, cells: 1 }])
  })

  test('names its rows, counts its columns, and has a key', () => {
    const text = map([[1, 1, 1]])
    expect(ticksOf({ text })).toEqual(['row 0', '1', '2', '3'])
    const numbers = textsOf({ text }).filter(one => /^[\d.]+$/.test(one))
    expect(numbers.slice(0, 7)).toEqual(['0.01', '0.02', '0.05', '0.1', '0.2', '0.5', '1'])
  })

  test('merges thousands of columns into as many as there are pixels for', () => {
    const columns = Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? 0.01 : 1))
    // Merged neighbours get the mean of their shades.
    expect(pathsIn(map([columns], 300))).toEqual([{ opacity: expect.closeTo(0.54, 1), cells: 1 }])
  })
})
