import { isObject } from '@residual/core/schema'
import { type Architecture, depthOf } from '@residual/resnet'
import { RecipeError } from '../errors.ts'
import { SCHEDULES } from '../schedules/index.ts'
import { type Recipe, type RecipeInput, readRecipe, usualAugmentation } from './recipe.ts'

const RECIPES: Readonly<Record<string, (arch: Architecture) => RecipeInput>> = {
  fast: () => ({
    epochs: 50,
    batch: 128,
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayNorms: false },
    schedule: { kind: 'cosine', rate: 0.25, warmUp: { length: 0.1 } },
    ema: 0.999,
  }),
  paper: arch => ({
    steps: 64_000,
    batch: 128,
    optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 1e-4 },
    schedule: {
      kind: 'step',
      rate: 0.1,
      milestones: [0.5, 0.75],
      // "about 400 iterations", until the training error is below 80 %.
      ...(depthOf(arch) >= 110 && { warmUp: { length: 400 / 64_000, from: 0.01, flat: true } }),
    },
  }),
  finetune: () => ({
    epochs: 10,
    batch: 32,
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-4, decayNorms: false },
    schedule: { kind: 'cosine', rate: 0.02, warmUp: { length: 0.05 } },
    layerRate: 0.5,
  }),
}

/** The names of the recipes that come with this package, the default first. */
export function recipeNames(): string[] {
  return Object.keys(RECIPES)
}

/**
 * Returns a recipe that comes with this package, by its name, or completes a recipe of your own, and applies `changes`:
 *
 * - `fast`: the best accuracy that we know of in about 50 epochs: SGD with Nesterov momentum at batch 128, a rate that
 *   warms up to 0.25 and then falls along a cosine to 0, weight decay on convolutions and the classifier only, and a
 *   moving average of the weights.
 * - `paper`: the recipe of He et al. 2015, section 4.2: 64,000 steps at batch 128, a rate of 0.1 that is divided by 10
 *   at steps 32,000 and 48,000, momentum 0.9, weight decay 1e-4. Networks of 110 layers or more warm up at 0.01 for 400
 *   steps.
 * - `finetune`: trains a trained network for other classes, each stage at half the rate of the next one.
 *
 * All of them pad, crop and flip the images for CIFAR's networks.
 *
 * @param changes keys of {@link Recipe} that replace the recipe's; objects are merged key by key. A length in epochs
 *   replaces one in steps, and vice versa.
 * @throws RecipeError if the name or a key is unknown, if a value is out of range, or if not exactly one of `epochs`
 *   and `steps` is given.
 */
export function recipe(base: string | RecipeInput, arch: Architecture, changes: RecipeInput = {}): Recipe {
  const usual = { augmentation: usualAugmentation(arch) }
  if (typeof base !== 'string') {
    return readRecipe(isObject(base) ? changed(changed(usual, base), changes) : base)
  }
  if (!Object.hasOwn(RECIPES, base)) {
    const known = recipeNames().join(', ')
    throw new RecipeError(
      `unknown recipe ${JSON.stringify(base.slice(0, 40))}; the recipes are ${known}, or a JSON file`,
    )
  }
  return readRecipe(changed({ ...usual, ...RECIPES[base](arch) }, changes), `recipe ${base}`)
}

function changed(base: RecipeInput, changes: RecipeInput): RecipeInput {
  const { epochs, steps, ...rest } = base
  const length = changes.epochs === undefined && changes.steps === undefined ? { epochs, steps } : {}
  // Not an object, in which a key "__proto__" would be lost.
  const merged = new Map<string, unknown>(Object.entries({ ...length, ...rest }))
  for (const [key, value] of Object.entries<unknown>(changes)) {
    const old = merged.get(key)
    if (value === undefined) continue
    merged.set(key, isObject(old) && isObject(value) ? { ...kept(old, value.kind), ...value } : value)
  }
  return Object.fromEntries(merged)
}

/** The settings that survive a change of kind: none except the rate and the warm-up, if both schedules have them. */
function kept(old: Readonly<Record<string, unknown>>, kind: unknown): Readonly<Record<string, unknown>> {
  if (kind === undefined || kind === old.kind) return old
  const { fields } = Object.entries(SCHEDULES).find(([name]) => name === kind)?.[1].options ?? { fields: {} }
  const shared = ['rate', 'warmUp'].filter(key => key in fields && key in old)
  return Object.fromEntries(shared.map(key => [key, old[key]]))
}
