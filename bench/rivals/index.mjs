/**
 * All rivals, this library first. They are loaded on demand: each brings megabytes and its own threads. A module has
 *
 * - `excuse(net, { threads })`, optional: why it cannot run that network, or undefined
 * - `prepare(net, { threads })`: resolves to its `version` and `run`, an async function that returns the logits
 */
export const rivals = {
  residual: () => import('./residual.mjs'),
  'onnxruntime-web': () => import('./onnxruntime-web.mjs'),
  'tfjs-wasm': () => import('./tfjs-wasm.mjs'),
  'onnxruntime-node': () => import('./onnxruntime-node.mjs'),
}
