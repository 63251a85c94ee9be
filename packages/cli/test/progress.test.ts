import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Progress, withProgress } from '../src/progress.ts'

let written: string
beforeEach(() => {
  written = ''
  vi.useFakeTimers({ toFake: ['performance'] })
  vi.stubEnv('NO_COLOR', '1')
  vi.spyOn(process.stderr, 'write').mockImplementation(chunk => {
    written += chunk
    return true
  })
  Object.assign(process.stderr, { isTTY: true })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  vi.unstubAllEnvs()
  Object.assign(process.stderr, { isTTY: undefined })
})

const half = `${'█'.repeat(10)}${' '.repeat(10)}`
const whole = '█'.repeat(20)

test.each<[what: string, show: (after: (seconds: number) => void) => void, line: string]>([
  [
    'images by default',
    after => {
      const progress = new Progress()
      after(2)
      progress.update(1000, 2000)
    },
    `${half}  1,000/2,000  500 images/s  0:02 left`,
  ],
  [
    'a label, and the time left without the work that was already done',
    after => {
      const progress = new Progress({ label: 'resnet20', first: 90 })
      after(100)
      progress.update(100, 200, ['loss 1.5'])
    },
    `resnet20  ${half}  loss 1.5  16:40 left`,
  ],
  ['a given time', () => new Progress().update(1, 2, ['1 B of 2 B'], 3723.4), `${half}  1 B of 2 B  1:02:04 left`],
  ['no time if it is unknown', () => new Progress().update(1, 2, ['1 B'], Number.POSITIVE_INFINITY), `${half}  1 B`],
  ['the end', () => new Progress().update(2, 2, ['2 B'], 0), `${whole}  2 B  0:00 left`],
])('a bar shows %s', (_, show, line) => {
  show(seconds => vi.advanceTimersByTime(1000 * seconds))
  expect(written).toBe(`\r${line} \u001b[K`)
})

test('the bar is cleared when the work ends, and when it fails', async () => {
  expect(await withProgress(async onProgress => onProgress(1, 2))).toBe(undefined)
  expect(written.endsWith('\r\u001b[K')).toBe(true)
  written = ''
  await expect(withProgress(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(written).toBe('\r\u001b[K')
})
