import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const packages = new URL('../../packages/', import.meta.url)

/**
 * Runs a program that may use the built `kernels`, `core` and `resnet`, until it ends by itself. @returns its output
 */
export async function runProgram(code: string): Promise<string> {
  const imports = Object.entries({ kernels: 'kernels-wasm', core: 'core', resnet: 'resnet' })
    .filter(([name]) => code.includes(`${name}.`))
    .map(([name, folder]) => `import * as ${name} from '${packages}${folder}/dist/index.js'\n`)
  const arguments_ = ['--input-type=module', '-e', `${imports.join('')}${code}`]
  const { stdout } = await promisify(execFile)(process.execPath, arguments_)
  return stdout
}
