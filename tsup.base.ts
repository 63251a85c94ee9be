import type { Options } from 'tsup'

type Entries = Record<string, string>

const common: Options = {
  format: 'esm',
  target: 'es2022',
  removeNodeProtocol: false,
  splitting: true,
  clean: true,
}

/** The build of a package that is the same for Node and browsers. */
export const library = (entry: Entries): Options => ({ ...common, entry, dts: true })

/**
 * The two builds of a package whose `imports` (package.json) stand for one file in browsers and another in Node: which of
 * them is decided here and ends up in the bundle. Files of the build for browsers end in `.browser.js`.
 * @param workers scripts that run in workers of their own, which have no types to publish.
 */
export function perPlatform(entry: Entries, workers: Entries = {}): { node: Options; browser: Options } {
  const build = (platform: 'node' | 'browser', suffix: string): Options => ({
    ...common,
    entry: Object.fromEntries(
      Object.entries({ ...entry, ...workers }).map(([name, file]) => [`${name}${suffix}`, file]),
    ),
    platform,
    noExternal: [/^#/],
    // The other build writes to the same folder at the same time.
    clean: false,
    esbuildOptions(options) {
      options.chunkNames = `common-[hash]${suffix}`
    },
  })
  return { node: { ...build('node', ''), dts: { entry } }, browser: build('browser', '.browser') }
}
