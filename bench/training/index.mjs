/**
 * All that can train, this library first. Loaded when wanted. A module has
 *
 * - `excuse(problem, { threads })`, optional: why it cannot take part, or nothing
 * - `prepare(problem, { threads, python })`: resolves to its `version`, `step`, an async function that does one step and
 *   gives the `loss` before it and the `milliseconds` it took, and, if it has, `profile`, `memory` and `close`
 */
export const trainers = {
  residual: () => import('./residual.mjs'),
  pytorch: () => import('./pytorch.mjs'),
  'tfjs-cpu': () => import('./tfjs-cpu.mjs'),
  'jax-js': () => import('./jax-js.mjs'),
}
