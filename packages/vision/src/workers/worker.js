// Takes the place of the worker.js that a build makes from worker.ts when the package runs from its sources, as in
// tests.

import('node:module').then(({ register }) => {
  register(new URL('../../dev/typescript.js', import.meta.url))
  return import('./worker.ts')
})
