import { FormatError } from '@residual/core'
import { type JsonObject, objectIn, shown, stringIn } from './json.ts'

/** What a model directory's config.json says beside the weights. */
export interface ModelConfig {
  /** Name of the architecture, where it is stated. */
  readonly architecture?: string
  /** Suffix for the architecture that the weights show, where they cannot: `_v1` for early stride in bottlenecks. */
  readonly suffix: '' | '_v1'
  /** Class names in the order of the logits. */
  readonly labels?: readonly string[]
  /** timm's preprocessing. */
  readonly pretrained?: JsonObject
}

/**
 * Reads a config.json as on the Hugging Face hub: our own and timm's (`architecture`), or that of transformers' ResNet
 * (`model_type`), whose depths and widths the weights tell better than it does.
 * @throws FormatError for a model of another type.
 */
export function readModelConfig(config: JsonObject): ModelConfig {
  const file = 'config.json'
  const labels = labelsIn(objectIn(config, 'id2label', file), file)
  const stated = stringIn(config, 'architecture', file)
  if (stated !== undefined) {
    return { architecture: stated, suffix: '', labels, pretrained: objectIn(config, 'pretrained_cfg', file) }
  }
  const type = stringIn(config, 'model_type', file)
  if (type !== undefined && type !== 'resnet') {
    throw new FormatError(`${file}: got model_type ${shown(type)}, wanted "resnet"`)
  }
  const activation = stringIn(config, 'hidden_act', file) ?? 'relu'
  if (activation !== 'relu') {
    throw new FormatError(`${file}: got hidden_act ${shown(activation)}, wanted "relu"`)
  }
  const stridesEarly = config.downsample_in_bottleneck === true && config.layer_type !== 'basic'
  return { suffix: stridesEarly ? '_v1' : '', labels }
}

/** What {@link readModelConfig} reads. */
export const modelConfigOf = (architecture: string, labels: readonly string[]): JsonObject => ({
  architecture,
  num_classes: labels.length,
  id2label: Object.fromEntries(labels.entries()),
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
