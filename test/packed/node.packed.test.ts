import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cat, type Installed, installPacked, readmeExample, root, runIn } from './install.ts'

/** A newer Node, which npm has as a package, so that any machine can run two versions. */
const newerNode = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

const nodes = [
  { node: 'the Node that runs the tests', path: () => process.execPath },
  { node: 'Node 24', path: (folder: string) => join(folder, 'node_modules', newerNode, 'bin/node') },
]

describe('all packages', () => {
  let installed: Installed
  beforeAll(async () => {
    installed = await installPacked(/./, [`${newerNode}@24`])
    writeFileSync(join(installed.folder, 'example.js'), readmeExample())
  })
  afterAll(() => installed?.remove())

  test('Node 24 is Node 24', async () => {
    const { folder } = installed
    expect(await runIn(folder, nodes[1].path(folder), 'node', '--version')).toMatch(/^v24\./)
  })

  test.each(nodes)("the README's example prints what the README says on $node", async ({ path }) => {
    const { folder } = installed
    const printed = await runIn(folder, path(folder), 'node', 'example.js', cat)
    expect(printed).not.toBe('')
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(`\`\`\`\n${printed}\`\`\``)
  })

  test.each(nodes.flatMap(node => [1, 2].map(threads => ({ ...node, threads }))))(
    'the command classifies an image on $node with $threads threads',
    async ({ path, threads }) => {
      const { folder } = installed
      const args = ['--no-install', 'residual', 'classify', cat, '--json', '--threads', String(threads)]
      const { image, model, predictions } = JSON.parse(await runIn(folder, path(folder), 'npx', ...args))
      expect({ image, model }).toEqual({ image: cat, model: 'cifar10-resnet20' })
      expect(predictions).toHaveLength(5)
      expect(predictions[0]).toMatchObject({ label: 'cat', index: 3 })
    },
  )
})

describe('@residual/kernels-wasm alone', () => {
  let installed: Installed
  beforeAll(async () => {
    installed = await installPacked(/^kernels-wasm$/)
  })
  afterAll(() => installed?.remove())

  test.each([1, 2])('multiplies matrices on %i threads', async threads => {
    const { folder } = installed
    const script = `
      import { matmul } from '@residual/kernels-wasm'
      const a = Float32Array.of(1, 2, 3, 4, 5, 6), b = Float32Array.of(1, 0, 0, 1, 1, 1)
      console.log([...(await matmul(a, b, { m: 2, k: 3, n: 2, threads: ${threads} }))].join())`
    expect(await runIn(folder, process.execPath, 'node', '--input-type=module', '--eval', script)).toBe('4,5,10,11\n')
  })
})
