/**
 * Options are declared once, each with its type, check, default and help: those of functions, recipes and commands, and
 * what files say.
 *
 * ```ts
 * const sgd = options({
 *   momentum: number(0, 1).default(0.9).help('share of the last step that is kept'),
 *   nesterov: boolean.default(false).help('look ahead by the momentum'),
 * })
 * type SgdOptions = Input<typeof sgd>                     // { momentum?: number, nesterov?: boolean }
 * const { momentum } = checkOptions('sgd', given, sgd)    // a number
 * ```
 *
 * It is ours because the messages are: valibot and zod mini would want a wrapper around every issue to say
 * "sgd: got momentum 2, wanted a number from 0 to 1", they know neither a help text nor what a text on the command line
 * stands for, and both are larger than this, which every page that classifies loads.
 */
export { type Check, type Input, Option, type Output, type Place, refuse } from './option.ts'
export { byKind, checkOptions, type Declared, type Fields, type Kinds, Options, options, someOf } from './options.ts'
export { isObject, shown } from './shown.ts'
export { readText } from './text.ts'
export { above0, boolean, callback, finite, list, number, object, oneOf, rising, text, value, whole } from './values.ts'
