import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { residual, root, start } from './residual.ts'
import { filesIn, SAVED, Scratch, training } from './stopped.ts'

const scratch = new Scratch()

test('a training that is stopped before its first step has saved', async () => {
  const out = scratch.directory()
  const { child, ended } = start(training(scratch.data, out))
  await vi.waitFor(() => expect(existsSync(join(out, '.training.lock'))).toBe(true), { timeout: 30_000, interval: 1 })
  child.kill('SIGTERM')
  const { status, stderr } = await ended
  expect(stderr).toMatch(/^stopped after step \d+ and saved; continue with --resume\n$/)
  expect({ status, files: await filesIn(out) }).toEqual({ status: 143, files: SAVED })
  expect(await residual(training(scratch.data, out, '--resume'))).toMatchObject({ status: 0, stderr: '' })
})

test('a training whose pipes are closed has saved', async () => {
  const out = scratch.directory()
  const { child, ended } = start(training(scratch.data, out))
  await once(child.stdout, 'data')
  child.kill('SIGHUP')
  child.stdout.destroy()
  child.stderr.destroy()
  expect(await ended).toMatchObject({ status: 129 })
  expect(await filesIn(out)).toEqual(SAVED)
})

test('a training whose reader has gone away has saved', async () => {
  const out = scratch.directory()
  const { child, ended } = start(training(scratch.data, out, '--epochs', '1000', '--batch', '9', '--json'))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const { status, stderr } = await ended
  expect(status).toBe(0)
  expect(stderr).toMatch(/^stopped after step \d+ and saved; continue with --resume\n$/)
})

/** Runs a command in a terminal. */
const SCRIPT = '/usr/bin/script'

test.runIf(existsSync(SCRIPT))('a training whose terminal is closed has saved', async () => {
  const out = scratch.directory()
  const command = [process.execPath, `${root}packages/cli/dist/cli.js`, ...training(scratch.data, out)]
  const quoted = command.map(word => `'${word}'`).join(' ')
  const terminal = spawn(SCRIPT, ['--quiet', '--command', `exec ${quoted}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  terminal.stdout.on('data', chunk => {
    shown += chunk
  })
  await vi.waitFor(() => expect(shown).toContain('to step '), { timeout: 30_000, interval: 1 })
  const { pid } = JSON.parse(await readFile(join(out, '.training.lock'), 'utf8'))
  terminal.kill('SIGKILL')
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 30_000 })
  expect(await filesIn(out)).toEqual(SAVED)
  expect(await residual(training(scratch.data, out, '--resume'))).toMatchObject({ status: 0, stderr: '' })
})

test('a directory takes one training at a time, and another one after the first was killed', async () => {
  const out = scratch.directory()
  const many = training(scratch.data, out, '--epochs', '1000', '--batch', '9')
  const { child, ended } = start([...many, '--json'])
  await once(child.stdout, 'data')
  const owner = `process ${child.pid} on host ${JSON.stringify(hostname())}`
  const then = `wait for it to end, or give another directory; if that process has ended, remove "${out}/.training.lock"`
  const stderr = `error: "${out}" is in use by a training in ${owner}; ${then}\n`
  expect(await residual(many)).toEqual({ status: 1, stdout: '', stderr })
  expect(await residual([...many, '--resume'])).toEqual({ status: 1, stdout: '', stderr })
  child.kill('SIGKILL')
  await ended
  const next = start([...many, '--resume'])
  await once(next.child.stdout, 'data')
  next.child.kill('SIGTERM')
  expect(await next.ended).toMatchObject({ status: 143 })
})
