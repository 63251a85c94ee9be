import type { StepTime } from '@residual/core'
import type { Model } from '@residual/resnet'
import { type architectureOptions, findArchitecture, openModel } from './groups/model.ts'
import type { runOptions } from './groups/run.ts'
import type { Values } from './option.ts'
import { rounded } from './output.ts'

/** Enough for V8 to replace the slower code that it compiles first. */
const WARM_UPS = 3
/** Timing lasts at least this long and takes at least this many runs. */
const TIMED = { milliseconds: 2000, runs: 5 }

type Timed = Values<typeof architectureOptions & typeof runOptions>

/** The named model, or a named architecture with untrained weights: speed does not depend on the weights. */
export async function timedModel({ model, arch, threads, build }: Timed): Promise<Model> {
  const { untrainedModel } = await import('@residual/resnet')
  if (model !== undefined || arch === undefined) return openModel({ model, arch, threads, build })
  return untrainedModel(await findArchitecture(arch), { threads, build })
}

/** Milliseconds of each run, the shortest first. */
export async function timeRuns(run: () => Promise<unknown>): Promise<number[]> {
  for (let i = 0; i < WARM_UPS; i++) await run()
  const times: number[] = []
  const start = performance.now()
  while (times.length < TIMED.runs || performance.now() - start < TIMED.milliseconds) {
    const before = performance.now()
    await run()
    times.push(performance.now() - before)
  }
  return times.sort((a, b) => a - b)
}

/** The steps of a network, each with the shortest of its times. */
export async function timeLayers(profile: () => Promise<StepTime[]>): Promise<StepTime[]> {
  const runs: StepTime[][] = []
  await timeRuns(async () => runs.push(await profile()))
  return runs[0].map((step, i) => ({
    ...step,
    milliseconds: rounded(Math.min(...runs.map(run => run[i].milliseconds))),
  }))
}
