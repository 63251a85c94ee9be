import { type CompileOptions, compileOptions } from '@residual/core'
import { above0, checkOptions, type Declared, finite, list, object, options } from '@residual/core/schema'
import type { DownloadOptions, Preprocessing } from '@residual/vision'
import { isFetched, kindOf, openWeightsIfThere, readFileIfThere } from '#files'
import { architectureOption } from './architecture-option.ts'
import { architecture, architectureNames, named } from './architectures.ts'
import { hasStridePlaces } from './blocks.ts'
import { type ModelConfig, readModelConfig } from './config.ts'
import { ModelError } from './errors.ts'
import { areTogether } from './fingerprint.ts'
import { inferArchitecture } from './infer.ts'
import { type JsonObject, parseJsonObject } from './json.ts'
import { defaultLabels } from './labels/index.ts'
import { Model } from './model.ts'
import { defaultPreprocessing, readPreprocessorConfig, readTimmConfig } from './preprocessing.ts'
import type { Architecture } from './row.ts'
import { matchParameters, readWeights, shapesOf, WeightsFile, weightsOf } from './weights/index.ts'

export interface LoadOptions extends CompileOptions, DownloadOptions {
  /**
   * The architecture or its name, if it cannot be inferred correctly from the weights; see {@link inferArchitecture}.
   */
  readonly arch?: string | Architecture
  /** Mean of the red, green and blue pixels divided by 255, in place of the model's own. */
  readonly mean?: readonly [number, number, number]
  /** Standard deviation of the red, green and blue pixels divided by 255, in place of the model's own. */
  readonly std?: readonly [number, number, number]
}

const loadOptions = options({
  ...compileOptions.fields,
  arch: architectureOption.optional(),
  mean: list(finite, 3).optional(),
  std: list(above0(), 3).optional(),
  signal: object<AbortSignal>('an AbortSignal', 'throwIfAborted').optional(),
  stallSeconds: above0().optional(),
} satisfies Declared<LoadOptions>)

/** The locations of the files of a model directory. */
interface Directory {
  readonly config: string
  readonly preprocessor: string
  readonly weights: readonly string[]
}

/**
 * The models in this package. Every path is written out because bundlers copy only files that they see in a `new URL`.
 * The paths are the same from `src` and from `dist`. They are in functions so that a bundle without import.meta.url can
 * still load other models.
 */
const EMBEDDED: Readonly<Record<string, () => Directory>> = {
  'cifar10-resnet20': () => ({
    config: new URL('../models/cifar10-resnet20/config.json', import.meta.url).href,
    preprocessor: new URL('../models/cifar10-resnet20/preprocessor_config.json', import.meta.url).href,
    weights: [new URL('../models/cifar10-resnet20/model.safetensors', import.meta.url).href],
  }),
}

/** The names of the models that come with this package, the default first. */
export function embeddedModels(): string[] {
  return Object.keys(EMBEDDED)
}

/**
 * Loads a model. The source is one of these:
 *
 * - the name of a model that comes with the package
 * - a weights file (safetensors, `.pth`, `.th`), or its bytes
 * - a model directory as on the Hugging Face hub: `config.json`, `model.safetensors` or `pytorch_model.bin`, and
 *   `preprocessor_config.json` if the preprocessing is not the usual one
 *
 * A safetensors file on disk stays open until the model is disposed of, and its weights are read when they are needed.
 * The file may be replaced or deleted, but not written to. If more than 32 such models are loaded, the 32 used last
 * keep their files open. The others open their files again when they are used, so these files must still exist.
 *
 * If {@link saveModel} replaces a directory at the same time, either the old or the new model is read.
 *
 * Files at a URL are fetched completely: a config of at most 16 MiB, weights of at most 4 GiB. Only optional files may
 * be missing, which the server must report with 404 or 410. Any other answer than the file is an error. Nothing is
 * retried.
 *
 * @param source a name, path or URL, or bytes.
 * @throws ModelError if there is no model, if it is a device or pipe, if a file is too large, if a server does not send
 *   it, if the classifier has no classes, or if an option is unknown or out of range; FormatError if a file is damaged;
 *   ArchitectureError if the architecture cannot be inferred; ParameterError if weights and architecture do not match;
 *   ShapeError if the classifier has more classes than can be addressed; the signal's reason when it is aborted.
 */
export async function loadModel(source: string | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  checkOptions('loadModel', options, loadOptions, ModelError)
  options.signal?.throwIfAborted()
  if (typeof source !== 'string') return build(undefined, source, undefined, undefined, options)
  if (Object.hasOwn(EMBEDDED, source)) return loadDirectory(source, EMBEDDED[source](), options)
  const kind = await kindOf(source)
  if (!kind) throw new ModelError(nothingAt(source))
  if (kind === 'directory') {
    // The server may have nothing at this address, so messages show the whole URL.
    const shown = isFetched(source) ? source : nameOf(source)
    return loadDirectory(nameOf(source), directoryAt(source), options, shown)
  }
  const weights = await openWeightsIfThere(source, options)
  if (!weights) throw new ModelError(nothingAt(source))
  // A data: or blob: URL has no path to take a name from.
  return build(/^(data|blob):/i.test(source) ? undefined : nameOf(source), weights, undefined, undefined, options)
}

function directoryAt(location: string): Directory {
  // The part of a URL after its path, such as a key, is added to the URL of each file.
  const [, path, query] = isFetched(location) ? /^([^?#]*)(.*)$/s.exec(location)! : ['', location, '']
  const at = (file: string) => `${path.replace(/\/+$/, '')}/${file}${query}`
  return {
    config: at('config.json'),
    preprocessor: at('preprocessor_config.json'),
    weights: [at('model.safetensors'), at('pytorch_model.bin')],
  }
}

/** How often files that are being replaced are read, and the milliseconds between two attempts. */
const [TRIES, INTERVAL] = [50, 20]

async function loadDirectory(name: string, directory: Directory, options: LoadOptions, shown = name): Promise<Model> {
  for (let tries = 1; ; tries++) {
    const { config, preprocessor, weights } = await readDirectory(shown, directory, options)
    if (unlessThrown(weights, () => areTogether([config, preprocessor], weights))) {
      return build(name, weights, config, preprocessor, options)
    }
    if (!(weights instanceof WeightsFile)) throw apart(shown)
    weights.close()
    if (tries === TRIES) throw apart(shown)
    await new Promise(resolve => setTimeout(resolve, INTERVAL))
  }
}

function apart(shown: string): ModelError {
  const hint = 'save the model again, or remove residual_fingerprint from its configurations if they belong together'
  return new ModelError(`${shown}: its configurations and weights were not saved together; ${hint}`)
}

/** Reads the weights last, because they are replaced last. */
async function readDirectory(shown: string, directory: Directory, options: DownloadOptions) {
  const json = async (location: string, file: string) => {
    const bytes = await readFileIfThere(location, 'configuration', options)
    return bytes && parseJsonObject(bytes, file)
  }
  const config = await json(directory.config, 'config.json')
  const preprocessor = await json(directory.preprocessor, 'preprocessor_config.json')
  for (const location of directory.weights) {
    const weights = await openWeightsIfThere(location, options)
    if (weights) return { config, preprocessor, weights }
  }
  throw new ModelError(`${shown} holds no model.safetensors and no pytorch_model.bin`)
}

function build(
  name: string | undefined,
  file: WeightsFile | Uint8Array,
  config: JsonObject | undefined,
  preprocessor: JsonObject | undefined,
  options: LoadOptions,
): Model {
  return unlessThrown(file, () => assemble(name, file, config && readModelConfig(config), preprocessor, options))
}

/** Closes a file if its use fails. */
function unlessThrown<T>(file: WeightsFile | Uint8Array, use: () => T): T {
  try {
    return use()
  } catch (error) {
    if (file instanceof WeightsFile) file.close()
    throw error
  }
}

function assemble(
  name: string | undefined,
  file: WeightsFile | Uint8Array,
  config: ModelConfig | undefined,
  preprocessor: JsonObject | undefined,
  { arch: stated, mean, std, signal: _, stallSeconds: __, ...compileOptions }: LoadOptions,
): Model {
  const weights = file instanceof WeightsFile ? weightsOf(file) : readWeights(file)
  const shapes = new Map(Array.from(weights, ([key, { shape }]) => [key, shape]))
  const arch = architectureOf(shapes, stated, config)
  if (arch.classes < 1) {
    throw new ModelError(`the classifier has no classes: fc.weight is [${shapes.get('fc.weight')}]; give other weights`)
  }
  // Check the shapes before anything is made for each class: a shape such as [1000000000, 0] takes no bytes in a file.
  const parameters = matchParameters(shapesOf(arch), weights)
  const labels = config?.labels ?? defaultLabels(arch)
  if (labels.length !== arch.classes) {
    throw new ModelError(`config.json names ${labels.length} classes, the classifier has ${arch.classes}`)
  }
  const preprocessing = preprocessingOf(arch, config, preprocessor)
  const parts = {
    name: name ?? arch.name,
    architecture: arch,
    labels,
    preprocessing: { ...preprocessing, mean: mean ?? preprocessing.mean, std: std ?? preprocessing.std },
    parameters,
    file: file instanceof WeightsFile ? file : undefined,
  }
  return new Model(parts, compileOptions)
}

/**
 * The architecture that the caller states, or else the directory, or else the one inferred from the weights. The number
 * of classes always comes from the weights.
 */
function architectureOf(
  shapes: ReadonlyMap<string, readonly number[]>,
  stated: string | Architecture | undefined,
  config: ModelConfig | undefined,
): Architecture {
  const known = stated ?? config?.architecture
  if (known === undefined) {
    const inferred = inferArchitecture(shapes)
    const { activation = inferred.activation, stridesEarly = false } = config ?? {}
    const strideIn = stridesEarly && hasStridePlaces(inferred.block) ? '1x1' : inferred.strideIn
    return named({ ...inferred, activation, strideIn })
  }
  const arch = typeof known === 'string' ? architecture(known) : known
  return { ...arch, classes: shapes.get('fc.weight')?.[0] ?? arch.classes }
}

function preprocessingOf(
  arch: Architecture,
  config: ModelConfig | undefined,
  preprocessor: JsonObject | undefined,
): Preprocessing {
  const defaults = defaultPreprocessing(arch.family)
  if (preprocessor) return readPreprocessorConfig(preprocessor, defaults)
  return config?.pretrained ? readTimmConfig(config.pretrained, defaults) : defaults
}

/** The last part of a path without its extension. */
const nameOf = (path: string): string =>
  path
    .replace(/[?#].*$/, '')
    .replace(/[\\/]+$/, '')
    .replace(/^.*[\\/]/, '')
    .replace(/\.[a-z]+$/, '')

function nothingAt(source: string): string {
  const isArchitecture = architectureNames().includes(source)
  const hint = isArchitecture
    ? `${source} is an architecture; give its weights as the model`
    : `give a file, a model directory or an embedded model (${embeddedModels().join(', ')})`
  return `there is no model at ${JSON.stringify(source)}: ${hint}`
}
