import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { writeCifar } from './cifar.ts'
import { residual, start } from './residual.ts'
import { filesIn, SAVED, Scratch, training } from './stopped.ts'

const scratch = new Scratch()

test('a second signal ends a training at once', async () => {
  const out = scratch.directory()
  // A step takes many seconds, during which the main thread is free.
  const { child, ended } = start(training(scratch.data, out, '--arch', 'resnet302', '--batch', '45', '--threads', '2'))
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  await new Promise(resolve => setTimeout(resolve, 1200))
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ status: null, signal: 'SIGTERM', stderr: '' })
  expect(await filesIn(out)).toEqual(['.training.lock'])
})

describe('other commands that can be stopped', () => {
  test('degrade', async () => {
    const out = scratch.directory()
    const options = ['--depths', '8', '--families', 'plain', '--data', scratch.data, '--batch', '9', '--out', out]
    const { child, ended } = start(['degrade', ...options, '--threads', '1', '--epochs', '2'])
    await vi.waitFor(() => expect(existsSync(join(out, 'plain-8-seed0/.training.lock'))).toBe(true), {
      timeout: 30_000,
      interval: 1,
    })
    child.kill('SIGHUP')
    expect(await ended).toEqual({ status: 129, stdout: '', stderr: 'stopped and saved; continue with --resume\n' })
    expect(await readdir(join(out, 'plain-8-seed0'))).toContain('checkpoint.safetensors')
    const resumed = await residual(['degrade', ...options, '--threads', '1', '--epochs', '2', '--resume'])
    expect(resumed).toMatchObject({ status: 0, stderr: '' })
  })

  test('deepen --finetune, which train continues', async () => {
    const out = scratch.directory()
    // Enough for its batches of 128.
    const data = await writeCifar(join(scratch.folder, 'larger'), 26)
    const command = ['deepen', '--depth', '26', '--data', data, '--finetune', '--epochs', '50', '--out', out]
    const { child, ended } = start([...command, '--json'])
    await vi.waitFor(() => expect(existsSync(join(out, '.training.lock'))).toBe(true), { timeout: 30_000, interval: 1 })
    child.kill('SIGTERM')
    const resume = `train --resume --out ${out} --data ${data}`
    const stderr = `stopped and saved; continue with 'residual ${resume}'\n`
    expect(await ended).toEqual({ status: 143, stdout: '', stderr })
    expect(await filesIn(out)).toEqual(SAVED)
    const next = start(resume.split(' '))
    // A process that fails ends without a word on stdout.
    await Promise.race([once(next.child.stdout, 'data'), next.ended])
    next.child.kill('SIGTERM')
    expect(await next.ended).toMatchObject({ status: 143 })
  })
})
