import { FormatError } from '@residual/core'
import { checkOptions, isObject, type Option, oneOf, someOf, text, value } from '@residual/core/schema'
import type { Activation } from './activations.ts'
import type { JsonObject } from './json.ts'
import { activation, readArchitecture } from './read-row.ts'
import type { Architecture } from './row.ts'

/** The content of a model directory's config.json. */
export interface ModelConfig {
  /** The architecture or its name, if stated. */
  readonly architecture?: Architecture | string
  /** Whether bottlenecks stride in their first 1x1 convolution. The weights cannot show this. */
  readonly stridesEarly?: boolean
  /** The activation, if stated. The weights cannot show this either. */
  readonly activation?: Activation
  /** Class names in the order of the logits. */
  readonly labels?: readonly string[]
  /** timm's preprocessing. */
  readonly pretrained?: JsonObject
}

/** The key of the whole row. `architecture` holds its name, which other libraries read. */
const ROW = 'residual_architecture'

const object = value<JsonObject>('an object', isObject).optional()
const statement = someOf({ id2label: object, architecture: text.optional(), [ROW]: object })
const timm = someOf({ pretrained_cfg: object })
const transformers = someOf({ model_type: oneOf('resnet').optional(), hidden_act: activation.optional() })

/**
 * Reads a config.json as on the Hugging Face hub. Ours has the whole row of the architecture. Ours of older versions
 * and timm's have its name (`architecture`). The one of transformers' ResNet (`model_type`) has depths and widths,
 * which are taken from the weights instead.
 * @throws FormatError if the model is of another type or the row is damaged.
 */
export function readModelConfig(config: JsonObject): ModelConfig {
  const file = 'config.json'
  const read = <Out>(declared: Option<Out, unknown>): Out => checkOptions(file, config, declared, FormatError)
  const { id2label, architecture: name, [ROW]: row } = read(statement)
  const labels = labelsIn(id2label, file)
  const architecture = row ? readArchitecture(row, file, ROW) : name
  if (architecture !== undefined) return { architecture, labels, pretrained: read(timm).pretrained_cfg }
  const { hidden_act } = read(transformers)
  return { stridesEarly: config.downsample_in_bottleneck === true, activation: hidden_act, labels }
}

/** Makes the config.json of a model, for {@link readModelConfig} to read. */
export const modelConfigOf = (architecture: Architecture, labels: readonly string[]): JsonObject => ({
  architecture: architecture.name,
  num_classes: labels.length,
  id2label: Object.fromEntries(labels.entries()),
  [ROW]: architecture,
})

/** Converts `{ "0": "cat", "1": "dog" }` to a list. */
function labelsIn(id2label: JsonObject | undefined, file: string): readonly string[] | undefined {
  if (!id2label) return undefined
  const count = Object.keys(id2label).length
  return Array.from({ length: count }, (_, i) => {
    const label = id2label[String(i)]
    if (typeof label === 'string') return label
    throw new FormatError(`${file}: id2label has ${count} entries and no name for class ${i}`)
  })
}
