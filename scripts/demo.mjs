// `pnpm demo`: builds the packages that it needs and classifies the images in images/ with the packaged model.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { buildJavaScript } from './build-javascript.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

try {
  await buildJavaScript()
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
console.log('$ residual classify images --topk 3\n')
const { status } = spawnSync(process.execPath, ['packages/cli/dist/cli.js', 'classify', 'images', '--topk', '3'], {
  cwd: root,
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)
console.log(`
The model is a ResNet-20 trained on the 32 x 32 images of CIFAR-10, so it knows ten things: airplanes, automobiles,
birds, cats, deer, dogs, frogs, horses, ships and trucks. The cat is one of them. A cup of coffee, an admiral and a
rocket are not, but a classifier cannot say so: it names the class that they resemble most.

Your own images:  node packages/cli/dist/cli.js classify IMAGE...
All commands:       node packages/cli/dist/cli.js --help`)
