/**
 * Declares options once, each with its type, check, default and help: the options of functions, recipes and commands,
 * and the fields of files.
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
 * We wrote our own because of the messages: valibot and zod mini would need a wrapper around every issue to say "sgd:
 * got momentum 2, wanted a number from 0 to 1". Neither has help texts or parses values from the command line, and both
 * are larger than this module, which every page that classifies images loads.
 */
export { type Check, type Input, Option, type Output, type Place, refuse } from './option.ts'
export { byKind, checkOptions, type Declared, type Fields, type Kinds, Options, options, someOf } from './options.ts'
export { isObject, shown } from './shown.ts'
export { readText } from './text.ts'
export { above0, boolean, callback, finite, list, number, object, oneOf, rising, text, value, whole } from './values.ts'
