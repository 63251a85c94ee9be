import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Model } from '@residual/resnet'
import { CommandError } from './errors.ts'

const NAME = 'onnxruntime-web'

/** The part of its interface that is used here. */
interface OnnxRuntime {
  readonly env: { readonly versions: Readonly<Record<string, string>>; readonly wasm: { numThreads?: number } }
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OnnxTensor
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OnnxSession> }
}
interface OnnxTensor {
  readonly data: Float32Array
}
interface OnnxSession {
  run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>
}

/** Another runtime with a model's network loaded into it. */
export interface Rival {
  readonly name: string
  readonly version: string
  /** The logits of the images. */
  run(): Promise<Float32Array>
}

/**
 * ONNX Runtime's WebAssembly build, found from the working directory or from its folder bench/.
 * @throws CommandError if it is not installed.
 */
export function installedRival(): OnnxRuntime {
  const require = createRequire(join(process.cwd(), 'package.json'))
  try {
    return require(require.resolve(NAME, { paths: [process.cwd(), join(process.cwd(), 'bench')] }))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')) throw error
    throw new CommandError(`--compare: ${NAME} is not installed here; run 'npm install ${NAME}' in this folder`)
  }
}

/**
 * Loads a model's network into the rival runtime.
 * @param images `[n, side, side, 3]`
 */
export async function prepareRival(
  { env, Tensor, InferenceSession }: OnnxRuntime,
  model: Model,
  images: Float32Array,
  [n, side]: readonly [n: number, side: number],
  threads: number,
): Promise<Rival> {
  const [{ graphOf, input }, { toOnnx }, { resnet }] = await Promise.all([
    import('@residual/core'),
    import('@residual/onnx'),
    import('@residual/resnet'),
  ])
  const { logits } = resnet(model.architecture, input('images', [n, side, side, 3]))
  env.wasm.numThreads = threads
  const session = await InferenceSession.create(toOnnx(graphOf([logits]), await model.readParameters()), {
    executionProviders: ['wasm'],
  })
  const feeds = { images: new Tensor('float32', channelsFirst(images, n), [n, 3, side, side]) }
  const run = async () => Object.values(await session.run(feeds))[0].data
  return { name: NAME, version: env.versions.web, run }
}

/** `[n, h, w, 3]` to `[n, 3, h, w]`. */
function channelsFirst(images: Float32Array, n: number): Float32Array {
  const pixels = images.length / n / 3
  return images.map((_, i) => {
    const [image, channel, pixel] = [Math.floor(i / (3 * pixels)), Math.floor(i / pixels) % 3, i % pixels]
    return images[(image * pixels + pixel) * 3 + channel]
  })
}

/** The largest difference between two outputs, relative to the root mean square of the first. */
export function differenceOf(ours: Float32Array, theirs: Float32Array): number {
  const size = Math.sqrt(ours.reduce((sum, value) => sum + value * value, 0) / ours.length)
  return ours.reduce((worst, value, i) => Math.max(worst, Math.abs(value - theirs[i])), 0) / size
}
