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
  /** The architecture or its name, where the weights cannot tell it or tell a wrong one (see {@link inferArchitecture}). */
  readonly arch?: string | Architecture
  /** Mean of the red, green and blue pixels divided by 255, in place of the model's own. */
  readonly mean?: readonly [number, number, number]
  /** Standard deviation of the same, in place of the model's own. */
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

/** Where the files of a model directory are. */
interface Directory {
  readonly config: string
  readonly preprocessor: string
  readonly weights: readonly string[]
}

/**
 * The models in this package. Every file is written out because bundlers only copy what they see in a `new URL`; the
 * path is the same from `src` and from `dist`. Functions, because a bundle without import.meta.url still loads other models.
 */
const EMBEDDED: Readonly<Record<string, () => Directory>> = {
  'cifar10-resnet20': () => ({
    config: new URL('../models/cifar10-resnet20/config.json', import.meta.url).href,
    preprocessor: new URL('../models/cifar10-resnet20/preprocessor_config.json', import.meta.url).href,
    weights: [new URL('../models/cifar10-resnet20/model.safetensors', import.meta.url).href],
  }),
}

/** Names of the models that come with this package, the default first. */
export function embeddedModels(): string[] {
  return Object.keys(EMBEDDED)
}

/**
 * Loads a model: one that comes with the package by its name, a weights file (safetensors, `.pth`, `.th`), a model
 * directory as on the Hugging Face hub (`config.json`, `model.safetensors` or `pytorch_model.bin`, and
 * `preprocessor_config.json` where images are not prepared as usual), or the bytes of a weights file.
 *
 * A safetensors file of a file system stays open until the model is disposed of, and is read when weights are wanted: it
 * may be replaced or deleted, but not written to. If more than 32 such models are loaded, the 32 used last keep their file
 * open; the others open it again when they are used, so it must still be there.
 *
 * A directory that {@link saveModel} replaces meanwhile is read as it was before or as it is after.
 *
 * What is at a URL is fetched whole: a config of at most 16 MiB, weights of at most 4 GiB. Only an optional file may be
 * absent, which a server says by 404 or 410; every other answer but the file is an error, and nothing is tried twice.
 *
 * @param source name, path or URL, or bytes.
 * @throws ModelError if there is nothing, if it is a device or pipe, if a file is too large, if a server does not send it, for a
 *   classifier without classes, and for an unknown option or a value out of its range; FormatError for a damaged file;
 *   ArchitectureError if the architecture cannot be inferred; ParameterError if weights and architecture do not match; ShapeError
 *   for a classifier with more classes than can be addressed; the signal's reason.
 */
export async function loadModel(source: string | Uint8Array, options: LoadOptions = {}): Promise<Model> {
  checkOptions('loadModel', options, loadOptions, ModelError)
  options.signal?.throwIfAborted()
  if (typeof source !== 'string') return build(undefined, source, undefined, undefined, options)
  if (Object.hasOwn(EMBEDDED, source)) return loadDirectory(source, EMBEDDED[source](), options)
  const kind = await kindOf(source)
  if (!kind) throw new ModelError(nothingAt(source))
  if (kind === 'directory') {
    // A server may have nothing at the address at all, so messages name all of it.
    const shown = isFetched(source) ? source : nameOf(source)
    return loadDirectory(nameOf(source), directoryAt(source), options, shown)
  }
  const weights = await openWeightsIfThere(source, options)
  if (!weights) throw new ModelError(nothingAt(source))
  // What a data: or blob: URL has in the place of a path is no name.
  return build(/^(data|blob):/i.test(source) ? undefined : nameOf(source), weights, undefined, undefined, options)
}

function directoryAt(location: string): Directory {
  // What a URL says after its path, such as a key, goes with each of the files.
  const [, path, query] = isFetched(location) ? /^([^?#]*)(.*)$/s.exec(location)! : ['', location, '']
  const at = (file: string) => `${path.replace(/\/+$/, '')}/${file}${query}`
  return {
    config: at('config.json'),
    preprocessor: at('preprocessor_config.json'),
    weights: [at('model.safetensors'), at('pytorch_model.bin')],
  }
}

/** How often files are read that are being replaced, and the milliseconds between two times. */
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
  const hint = 'save the model again, or take residual_fingerprint out of its configurations where they belong together'
  return new ModelError(`${shown}: its configurations and weights were not saved together; ${hint}`)
}

/** The weights last, as they are replaced last. */
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

/** Closes a file where what is done with it fails. */
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
  // Before anything is made for each class: a shape such as [1000000000, 0] takes no bytes of a file.
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

/** As stated by the caller, else by the directory, else as the weights show; the number of classes is the weights'. */
function architectureOf(
  shapes: ReadonlyMap<string, readonly number[]>,
  stated: string | Architecture | undefined,
  config: ModelConfig | undefined,
): Architecture {
  const known = stated ?? config?.architecture
  if (known === undefined) {
    const inferred = inferArchitecture(shapes)
    return config?.stridesEarly && hasStridePlaces(inferred.block) ? named({ ...inferred, strideIn: '1x1' }) : inferred
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

/** Last part of a path without the ending. */
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
