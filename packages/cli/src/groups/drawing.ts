import { Option, refuse } from '@residual/core/schema'
import type { CommandOption } from '../option.ts'

/** A file to draw into. Its ending, in lower case, decides how it is drawn. */
export interface Drawing<Ending extends string> {
  readonly path: string
  readonly ending: Ending
}

/** `-o, --output <file>` for a command that draws nothing else. */
export const drawing = <E extends Endings>(endings: E): CommandOption<Drawing<keyof E & string>> =>
  outputOption(fileOf(endings).help(`file to draw: ${helpOf(endings)}`))

/** `-o, --output <file>` for a command that draws on request. */
export const alsoDrawing = <E extends Endings>(endings: E): CommandOption<Drawing<keyof E & string> | undefined> =>
  outputOption(
    fileOf(endings)
      .optional()
      .help(`also draw the result: ${helpOf(endings)}`),
  )

/** The endings that a command can write, each with what such a file holds. */
type Endings = Readonly<Record<string, string>>

const outputOption = <Out>(reads: Option<Out, unknown>): CommandOption<Out> => ({ value: 'file', short: 'o', reads })

const helpOf = (endings: Endings): string =>
  Object.entries(endings)
    .map(([ending, holds]) => `.${ending} (${holds})`)
    .join(' or ')

/** The path of a file with one of these endings. Upper and lower case make no difference. */
function fileOf<E extends Endings>(endings: E): Option<Drawing<keyof E & string>, string> {
  const names = Object.keys(endings)
  const wanted = `a name that ends in ${names.map(name => `.${name}`).join(' or ')}`
  return new Option(
    (path, place) => {
      const ending = names.find(name => typeof path === 'string' && path.toLowerCase().endsWith(`.${name}`))
      return ending === undefined ? refuse(place, path, wanted) : { path: path as string, ending }
    },
    { wanted },
  )
}

/**
 * Writes the file if one is wanted, with the content that belongs to its ending.
 * @returns its size in bytes, 0 if none is wanted
 */
export async function draw<Ending extends string>(
  drawing: Drawing<Ending> | undefined,
  contents: { readonly [Key in Ending]: () => string | Uint8Array | Promise<string | Uint8Array> },
): Promise<number> {
  if (!drawing) return 0
  const { saveReport } = await import('@residual/lab')
  const content = await contents[drawing.ending]()
  await saveReport(drawing.path, content)
  return Buffer.byteLength(content)
}
