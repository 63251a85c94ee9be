import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { writeCifar } from './cifar.ts'
import { residual, root, start } from './residual.ts'

let folder: string
let data: string
let made = 0
const directory = () => join(folder, `out-${made++}`)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-'))
  data = await writeCifar(join(folder, 'cifar'))
})
afterAll(() => rm(folder, { recursive: true }))

const training = (out: string, ...more: string[]) => [
  ...['train', '--arch', 'resnet8', '--data', data, '--out', out, '--epochs', '1', '--batch', '3', '--lr', '0.05'],
  ...more,
]

const filesIn = async (out: string) => (await readdir(out)).filter(name => !name.startsWith('events')).toSorted()

const SAVED = ['checkpoint.safetensors', 'config.json', 'model.safetensors', 'preprocessor_config.json']

test('a training that is stopped before its first step has saved', async () => {
  const out = directory()
  const { child, ended } = start(training(out))
  await vi.waitFor(() => expect(existsSync(join(out, '.training.lock'))).toBe(true), { timeout: 30_000, interval: 1 })
  child.kill('SIGTERM')
  const { status, stderr } = await ended
  expect(stderr).toMatch(/^stopped after step \d+ and saved; --resume goes on\n$/)
  expect({ status, files: await filesIn(out) }).toEqual({ status: 143, files: SAVED })
  expect(await residual(training(out, '--resume'))).toMatchObject({ status: 0, stderr: '' })
})

test('a training whose pipes are closed has saved', async () => {
  const out = directory()
  const { child, ended } = start(training(out))
  await once(child.stdout, 'data')
  child.kill('SIGHUP')
  child.stdout.destroy()
  child.stderr.destroy()
  expect(await ended).toMatchObject({ status: 129 })
  expect(await filesIn(out)).toEqual(SAVED)
})

test('a training whose reader has seen enough has saved', async () => {
  const out = directory()
  const { child, ended } = start(training(out, '--epochs', '1000', '--batch', '9', '--json'))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const { status, stderr } = await ended
  expect(status).toBe(0)
  expect(stderr).toMatch(/^stopped after step \d+ and saved; --resume goes on\n$/)
})

/** Runs a command in a terminal. */
const SCRIPT = '/usr/bin/script'

test.runIf(existsSync(SCRIPT))('a training whose terminal is closed has saved', async () => {
  const out = directory()
  const command = [process.execPath, `${root}packages/cli/dist/cli.js`, ...training(out)]
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
  expect(await residual(training(out, '--resume'))).toMatchObject({ status: 0, stderr: '' })
})

test('a second signal ends a training at once', async () => {
  const out = directory()
  // A step takes many seconds, and the main thread is free meanwhile.
  const { child, ended } = start(training(out, '--arch', 'resnet302', '--batch', '45', '--threads', '2'))
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  await new Promise(resolve => setTimeout(resolve, 1200))
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ status: null, signal: 'SIGTERM', stderr: '' })
  expect(await filesIn(out)).toEqual(['.training.lock'])
})

test('a directory takes one training at a time, and the next one when that was killed', async () => {
  const out = directory()
  const many = training(out, '--epochs', '1000', '--batch', '9')
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

describe('what else can be stopped', () => {
  test('degrade', async () => {
    const out = directory()
    const options = ['--depths', '8', '--families', 'plain', '--data', data, '--batch', '9', '--out', out]
    const { child, ended } = start(['degrade', ...options, '--threads', '1', '--epochs', '2'])
    await vi.waitFor(() => expect(existsSync(join(out, 'plain-8-seed0/.training.lock'))).toBe(true), {
      timeout: 30_000,
      interval: 1,
    })
    child.kill('SIGHUP')
    expect(await ended).toEqual({ status: 129, stdout: '', stderr: 'stopped and saved; --resume goes on\n' })
    expect(await readdir(join(out, 'plain-8-seed0'))).toContain('checkpoint.safetensors')
    const resumed = await residual(['degrade', ...options, '--threads', '1', '--epochs', '2', '--resume'])
    expect(resumed).toMatchObject({ status: 0, stderr: '' })
  })

  test('deepen --finetune, which train goes on with', async () => {
    const out = directory()
    // Enough for its batches of 128.
    const data = await writeCifar(join(folder, 'larger'), 26)
    const command = ['deepen', '--depth', '26', '--data', data, '--finetune', '--epochs', '50', '--out', out]
    const { child, ended } = start([...command, '--json'])
    await vi.waitFor(() => expect(existsSync(join(out, '.training.lock'))).toBe(true), { timeout: 30_000, interval: 1 })
    child.kill('SIGTERM')
    const resume = `train --resume --out ${out} --data ${data}`
    const stderr = `stopped and saved; 'residual ${resume}' goes on\n`
    expect(await ended).toEqual({ status: 143, stdout: '', stderr })
    expect(await filesIn(out)).toEqual(SAVED)
    const next = start(resume.split(' '))
    await once(next.child.stdout, 'data')
    next.child.kill('SIGTERM')
    expect(await next.ended).toMatchObject({ status: 143 })
  })
})
