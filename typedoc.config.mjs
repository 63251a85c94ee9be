// API pages of all packages, from the doc comments of what they export. Each subpath of a package is a module.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Comment, Converter, ReflectionKind } from 'typedoc'

const packages = new URL('packages/', import.meta.url)
const folders = readdirSync(packages)
  .map(name => new URL(`${name}/`, packages))
  .filter(folder => existsSync(new URL('package.json', folder)))

/** Modules by the path of their entry point. */
const modules = new Map(
  folders.flatMap(folder => {
    const { name, description, exports } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
    return Object.entries(exports).map(([subpath, { development }]) => [
      fileURLToPath(new URL(development, folder)),
      { name: name + subpath.slice(1), description: subpath === '.' ? description : '' },
    ])
  }),
)

/** Gives modules the names they are imported by; typedoc names them by their paths. */
function nameModules({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const { name, description } = modules.get(project.getSymbolIdFromReflection(module).fileName)
      module.name = name
      module.comment ??= new Comment([{ kind: 'text', text: description }])
    }
  })
}

/** @type {import('typedoc').TypeDocOptions} */
export default {
  name: 'residual',
  entryPoints: [...modules.keys()],
  plugin: [nameModules],
  out: 'docs/api',
  readme: 'none',
  excludePrivate: true,
  disableSources: true,
  // `pnpm typecheck` has its own line in CI.
  skipErrorChecking: true,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, rewrittenLink: true },
}
