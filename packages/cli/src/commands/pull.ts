import { oneOf, text } from '@residual/core/schema'
import { command } from '../command.ts'
import { interruptible } from '../interrupt.ts'
import { flag, json, option } from '../option.ts'
import { bytes, dim, pairs, printJson, printLine, printNote } from '../output.ts'
import { Progress } from '../progress.ts'

export default command({
  name: 'pull',
  group: 'Training',
  summary: 'download a data set, which --data then finds by name',
  arguments: { name: option('name', oneOf('cifar10', 'cifar100').help('the data set')) },
  options: {
    mirror: option(
      'url',
      text.optional().help("address of the archive or of a folder with it, instead of its author's page"),
    ),
    force: flag('download again, even if the file is there'),
    json: json(' each second and for each event'),
  },
  note: 'The file is kept in RESIDUAL_HOME, or by default in the cache folder of the system.',
  examples: ['pull cifar10'],
  async run({ name, mirror, force, json }) {
    const { pull } = await import('@residual/vision/pull')
    const report = json ? new JsonReport() : new TextReport()
    await interruptible(async signal => {
      try {
        const { path, wasThere } = await pull(name, {
          mirror,
          force,
          signal,
          onProgress: progress => report.progress(progress),
          onRetry: (reason, seconds) => report.retry(reason, seconds),
        })
        report.end(name, path, wasThere)
      } catch (error) {
        report.clear()
        if (!signal.aborted || error !== signal.reason) throw error
        printNote(`stopped; continue with 'residual pull ${name}'`)
      }
    })
  },
})

interface Received {
  readonly bytes: number
  readonly total: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number
}

class JsonReport {
  #last = Number.NEGATIVE_INFINITY

  progress({ bytes, total, bytesPerSecond, secondsLeft }: Received): void {
    if (performance.now() - this.#last < 1000 && bytes < total) return
    this.#last = performance.now()
    const left = Number.isFinite(secondsLeft) ? Math.ceil(secondsLeft) : null
    printJson({ event: 'progress', bytes, total, bytesPerSecond: Math.round(bytesPerSecond), secondsLeft: left })
  }

  retry(reason: string, seconds: number): void {
    printJson({ event: 'retry', reason, seconds })
  }

  end(name: string, path: string, wasThere: boolean): void {
    printJson({ event: 'done', name, path, wasThere })
  }

  clear(): void {}
}

/** Shows a bar on a terminal; elsewhere only failures and the end. */
class TextReport {
  readonly #bar = new Progress()

  progress({ bytes: done, total, bytesPerSecond, secondsLeft }: Received): void {
    const speed = `${bytes(Math.round(bytesPerSecond))}/s`
    this.#bar.update(done, total, [`${bytes(done)} of ${bytes(total)}`, speed], secondsLeft)
  }

  retry(reason: string, seconds: number): void {
    this.clear()
    const when = seconds > 0 ? ` in ${seconds} s` : ''
    printNote(dim(`${reason}; trying again${when}`, process.stderr))
  }

  end(name: string, path: string, wasThere: boolean): void {
    this.clear()
    pairs([
      ['data', `${name}${wasThere ? ', already downloaded' : ''}`],
      ['file', path],
      ['use', `residual eval --data ${name}`],
    ]).forEach(printLine)
  }

  /** Clears the bar. */
  clear(): void {
    this.#bar.clear()
  }
}
