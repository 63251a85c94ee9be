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
      // "about 400 iterations", until the training error is below 80 %
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

/** Names of the recipes that come with this package, the default first. */
export function recipeNames(): string[] {
  return Object.keys(RECIPES)
}

/**
 * A recipe that comes with this package by its name, or one of your own, changed by `changes`:
 *
 * - `fast`: the best accuracy for about 50 epochs that we know: SGD with Nesterov's momentum at batch 128, a rate of 0.25
 *   after a warm-up and then along a cosine to 0, weight decay on convolutions and the classifier only, and the moving
 *   average of the weights.
 * - `paper`: that of He et al. 2015, section 4.2: 64,000 steps at batch 128, a rate of 0.1 divided by 10 at 32,000 and
 *   48,000 steps, momentum 0.9, weight decay 1e-4; networks of 110 layers and more warm up at 0.01 for 400 steps.
 * - `finetune`: a trained network to other classes, each stage at half the rate of the next one.
 *
 * All of them pad, crop and flip CIFAR's images.
 *
 * @param changes keys of {@link Recipe} whose values replace those of the recipe; those of its objects key by key. A
 *   length in epochs replaces one in steps, and the other way round.
 * @throws RecipeError for another name, for an unknown key, a value out of its range, and if the length is not stated
 *   once.
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
  // Not an object, where a key "__proto__" would go unseen.
  const merged = new Map<string, unknown>(Object.entries({ ...length, ...rest }))
  for (const [key, value] of Object.entries<unknown>(changes)) {
    const old = merged.get(key)
    if (value === undefined) continue
    merged.set(key, isObject(old) && isObject(value) ? { ...kept(old, value.kind), ...value } : value)
  }
  return Object.fromEntries(merged)
}

/** What settings of one kind mean to another: nothing, but for the rate and the warm-up where both schedules have them. */
function kept(old: Readonly<Record<string, unknown>>, kind: unknown): Readonly<Record<string, unknown>> {
  if (kind === undefined || kind === old.kind) return old
  const { fields } = Object.entries(SCHEDULES).find(([name]) => name === kind)?.[1].options ?? { fields: {} }
  const shared = ['rate', 'warmUp'].filter(key => key in fields && key in old)
  return Object.fromEntries(shared.map(key => [key, old[key]]))
}
