import { FormatError } from '@residual/core'
import { checkOptions, isObject, type Option, oneOf, someOf, text, value } from '@residual/core/schema'
import type { JsonObject } from './json.ts'
import { readArchitecture } from './read-row.ts'
import type { Architecture } from './row.ts'

/** What a model directory's config.json says beside the weights. */
export interface ModelConfig {
  /** The architecture, or its name, where it is stated. */
  readonly architecture?: Architecture | string
  /** Whether bottlenecks stride in their first 1x1 convolution, which the weights cannot show. */
  readonly stridesEarly?: boolean
  /** Class names in the order of the logits. */
  readonly labels?: readonly string[]
  /** timm's preprocessing. */
  readonly pretrained?: JsonObject
}

/** Key of the whole row; `architecture` beside it is its name, which readers of other libraries look for. */
const ROW = 'residual_architecture'

const object = value<JsonObject>('an object', isObject).optional()
const statement = someOf({ id2label: object, architecture: text.optional(), [ROW]: object })
const timm = someOf({ pretrained_cfg: object })
const transformers = someOf({ model_type: oneOf('resnet').optional(), hidden_act: oneOf('relu').optional() })

/**
 * Reads a config.json as on the Hugging Face hub: our own, with the whole row of the architecture; our own of before and
 * timm's, with its name (`architecture`); or that of transformers' ResNet (`model_type`), whose depths and widths the weights
 * tell better than it does.
 * @throws FormatError for a model of another type, and for a row that is damaged.
 */
export function readModelConfig(config: JsonObject): ModelConfig {
  const file = 'config.json'
  const read = <Out>(declared: Option<Out, unknown>): Out => checkOptions(file, config, declared, FormatError)
  const { id2label, architecture: name, [ROW]: row } = read(statement)
  const labels = labelsIn(id2label, file)
  const architecture = row ? readArchitecture(row, file, ROW) : name
  if (architecture !== undefined) return { architecture, labels, pretrained: read(timm).pretrained_cfg }
  read(transformers)
  return { stridesEarly: config.downsample_in_bottleneck === true, labels }
}

/** What {@link readModelConfig} reads. */
export const modelConfigOf = (architecture: Architecture, labels: readonly string[]): JsonObject => ({
  architecture: architecture.name,
  num_classes: labels.length,
  id2label: Object.fromEntries(labels.entries()),
  [ROW]: architecture,
})

/** `{ "0": "cat", "1": "dog" }` as a list. */
function labelsIn(id2label: JsonObject | undefined, file: string): readonly string[] | undefined {
  if (!id2label) return undefined
  const count = Object.keys(id2label).length
  return Array.from({ length: count }, (_, i) => {
    const label = id2label[String(i)]
    if (typeof label === 'string') return label
    throw new FormatError(`${file}: id2label has ${count} entries and no name for class ${i}`)
  })
}
