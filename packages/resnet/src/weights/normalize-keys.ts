import { FormatError, quote } from '@residual/core'

/** The prefixes that DataParallel, Lightning modules and torch.compile put before every key. */
const wrappers = ['module.', 'model.', '_orig_mod.']

/** Counters of training, which no network needs. */
const notWeights = /(?:^|\.)num_batches_tracked$|^n_averaged$/

const one = (digits: string) => Number(digits) + 1

/**
 * Patterns of other libraries' names, and torchvision's names for them. The first match counts; all match whole names.
 */
const renamings: [pattern: RegExp, name: (...groups: string[]) => string][] = [
  // CIFAR repositories: the classifier and the projection in the shortcut.
  [/^linear\.(weight|bias)$/, (_, kind) => `fc.${kind}`],
  [/^(layer\d+\.\d+)\.shortcut\.([01])\.(\w+)$/, (_, block, at, kind) => `${block}.downsample.${at}.${kind}`],
  // transformers' ResNetForImageClassification, and ResNetModel without the first part.
  [/^(?:resnet\.)?embedder\.embedder\.convolution\.(\w+)$/, (_, kind) => `conv1.${kind}`],
  [/^(?:resnet\.)?embedder\.embedder\.normalization\.(\w+)$/, (_, kind) => `bn1.${kind}`],
  [
    /^(?:resnet\.)?encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.(convolution|normalization)\.(\w+)$/,
    (_, stage, block, at, operation, kind) =>
      `layer${one(stage)}.${block}.${operation === 'convolution' ? 'conv' : 'bn'}${one(at)}.${kind}`,
  ],
  [
    /^(?:resnet\.)?encoder\.stages\.(\d+)\.layers\.(\d+)\.shortcut\.(convolution|normalization)\.(\w+)$/,
    (_, stage, block, operation, kind) =>
      `layer${one(stage)}.${block}.downsample.${operation === 'convolution' ? 0 : 1}.${kind}`,
  ],
  [/^classifier\.1\.(weight|bias)$/, (_, kind) => `fc.${kind}`],
]

/**
 * Renames tensors to torchvision's names, which are also timm's. It removes prefixes of wrappers that all keys have,
 * and translates the names of CIFAR repositories and of transformers. Counters of training are dropped, and unknown
 * names are kept. Normalised keys do not change.
 *
 * @throws FormatError if two tensors would get the same name.
 */
export function normalizeKeys<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  let entries = [...tensors].filter(([key]) => !notWeights.test(key))
  for (let wrapper = commonWrapper(entries); wrapper; wrapper = commonWrapper(entries)) {
    const { length } = wrapper
    entries = entries.map(([key, tensor]) => [key.slice(length), tensor])
  }
  const normalized = new Map<string, T>()
  for (const [key, tensor] of entries) {
    const name = rename(key)
    if (normalized.has(name)) throw new FormatError(`two of the tensors would be named ${quote(name)}`)
    normalized.set(name, tensor)
  }
  return normalized
}

function commonWrapper(entries: readonly [string, unknown][]): string | undefined {
  return entries.length === 0 ? undefined : wrappers.find(wrapper => entries.every(([key]) => key.startsWith(wrapper)))
}

function rename(key: string): string {
  for (const [pattern, name] of renamings) {
    const groups = pattern.exec(key)
    if (groups) return name(...groups)
  }
  return key
}
