import { Argument, type Command } from 'commander'
import { interruptible } from '../interrupt.ts'
import { bar, bytes, clearStatus, cyan, dim, pairs, printJson, printLine, printNote, showStatus } from '../output.ts'

interface Options {
  readonly mirror?: string
  readonly force?: true
  readonly json?: true
}

export function addPull(program: Command): void {
  program
    .command('pull')
    .description('download a data set, which --data then finds by its name')
    .addArgument(new Argument('<name>', 'the data set').choices(['cifar10', 'cifar100']))
    .option('--mirror <url>', "the archive, or a folder that has it, in place of its author's page")
    .option('--force', 'download again what is there')
    .option('--json', 'print one JSON object for each second and event')
    .addHelpText('after', '\nIt lies in RESIDUAL_HOME, or else in the cache folder of the system.')
    .addHelpText('after', '\nExample:\n  $ residual pull cifar10')
    .action(pull)
}

async function pull(name: 'cifar10' | 'cifar100', { mirror, force, json }: Options): Promise<void> {
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
      printNote(`stopped; 'residual pull ${name}' goes on`)
    }
  })
}

interface Progress {
  readonly bytes: number
  readonly total: number
  readonly bytesPerSecond: number
  readonly secondsLeft: number
}

class JsonReport {
  #last = Number.NEGATIVE_INFINITY

  progress({ bytes, total, bytesPerSecond, secondsLeft }: Progress): void {
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

/** A bar on a terminal; elsewhere only what went wrong, and the end. */
class TextReport {
  progress({ bytes: done, total, bytesPerSecond, secondsLeft }: Progress): void {
    const filled = cyan(bar(done / total, 30).padEnd(30), process.stderr)
    const left = Number.isFinite(secondsLeft) ? `  ${Math.ceil(secondsLeft)} s left` : ''
    showStatus(`${filled}  ${bytes(done)} of ${bytes(total)}  ${bytes(Math.round(bytesPerSecond))}/s${left}`)
  }

  retry(reason: string, seconds: number): void {
    this.clear()
    const when = seconds > 0 ? ` in ${seconds} s` : ''
    printNote(dim(`${reason}; trying again${when}`, process.stderr))
  }

  end(name: string, path: string, wasThere: boolean): void {
    this.clear()
    pairs([
      ['data', `${name}${wasThere ? ', which was here already' : ''}`],
      ['file', path],
      ['use', `residual eval --data ${name}`],
    ]).forEach(printLine)
  }

  /** Wipes the bar away. */
  clear(): void {
    clearStatus()
  }
}
