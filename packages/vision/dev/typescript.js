// Module hooks which let a worker run the sources of this package in every Node that it supports.

import { readFile } from 'node:fs/promises'
import ts from 'typescript'

const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const source = await readFile(new URL(url), 'utf8')
  return { format: 'module', source: ts.transpileModule(source, { compilerOptions }).outputText, shortCircuit: true }
}
