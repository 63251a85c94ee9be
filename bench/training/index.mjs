/**
 * All trainers, this library first. They are loaded on demand. A module has
 *
 * - `excuse(problem, { threads })`, optional: why it cannot take part, or undefined
 * - `prepare(problem, { threads, python })`: resolves to its `version`, `step`, an async function that does one step and
 * returns the `loss` before it and the `milliseconds` it took, and, if it has them, `profile`, `memory` and `close`
 */
export const trainers = {
  residual: () => import('./residual.mjs'),
  pytorch: () => import('./pytorch.mjs'),
  'tfjs-cpu': () => import('./tfjs-cpu.mjs'),
  'jax-js': () => import('./jax-js.mjs'),
}
