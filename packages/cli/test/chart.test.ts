import { describe, expect, test } from 'vitest'
import { logChart } from '../src/chart.ts'

type Line = readonly [name: string, ...values: number[]]

describe('a chart in characters', () => {
  test.each<[what: string, lines: Line[], rows: string[]]>([
    [
      'lines on a logarithmic axis, with their names where they end',
      [
        ['up', 1, 10, 100],
        ['flat', 10, 10],
      ],
      ['100 ┤       ⢀⠤⠊ up', '    ┤     ⡠⠔⠁', ' 10 ┤⠉⠉⢉⠝⠋⠉⠉⠉⠉⠉ flat', '  1 ┤⡠⠒⠁'],
    ],
    ['a gap where a value is 0', [['gap', 1, 0, 1, 1]], ['10 ┤', '   ┤', '   ┤', ' 1 ┤⡀      ⣀⣀⣀⣀ gap']],
    ['only the name for zeros', [['none', 0, 0]], ['  1 ┤', '    ┤', '    ┤', '0.1 ┤           none (0)']],
    [
      'only the name for values that are not finite',
      [
        ['odd', Number.NaN, Infinity],
        ['1', 1],
      ],
      ['10 ┤', '   ┤', '   ┤           odd (not finite)', ' 1 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀ 1'],
    ],
    [
      'names one below the other if lines end at the same place',
      [
        ['a', 1, 10],
        ['b', 1, 10],
        ['c', 1, 10],
      ],
      ['10 ┤          ⡠⠔⠊ a', '   ┤      ⢀⡠⠒⠉    b', '   ┤   ⣀⠤⠊⠁       c', ' 1 ┤⡠⠔⠊'],
    ],
    [
      'as many rows as there are names',
      [
        ['a', 1],
        ['b', 1],
        ['c', 1],
        ['d', 1],
        ['e', 1],
      ],
      [
        '10 ┤              a',
        '   ┤              b',
        '   ┤              c',
        '   ┤              d',
        ' 1 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀ e',
      ],
    ],
    [
      'few of many powers of ten',
      [['deep', 1e-20, 1]],
      ['    1 ┤       ⢀⠤⠊ deep', '      ┤     ⡠⠔⠁', '1e-10 ┤  ⢀⠔⠊', '1e-20 ┤⡠⠒⠁'],
    ],
  ])('has %s', (_, lines, rows) => {
    const named = lines.map(([name, ...values]) => ({ name, values }))
    expect(logChart(named, { width: 20, height: 4 })).toEqual(rows)
  })
})
