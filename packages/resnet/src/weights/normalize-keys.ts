import { FormatError, quote } from '@residual/core'

/** What wrappers put before every key: DataParallel, Lightning modules and torch.compile. */
const wrappers = ['module.', 'model.', '_orig_mod.']

/** Bookkeeping of training that no network computes with. */
const notWeights = /(?:^|\.)num_batches_tracked$|^n_averaged$/

const one = (digits: string) => Number(digits) + 1

/** Names of other libraries with torchvision's, the first pattern that fits; anchored, so that each is one name's. */
const renamings: [pattern: RegExp, name: (...groups: string[]) => string][] = [
  // CIFAR repositories: the classifier and the projection shortcut.
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
 * The same tensors under torchvision's names (which are also timm's): without the prefixes of wrappers that every key
 * carries, and with the names of the CIFAR repositories and of transformers translated. Counters of training are left
 * out, unknown names stay as they are. The result of normalised keys is the same keys.
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
