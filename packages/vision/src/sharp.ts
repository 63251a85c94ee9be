import { VisionError } from './errors.ts'

type SharpFunction = typeof import('sharp')['default']

/** Loads the package sharp when it is needed, so that data sets can be read without it. Node only. */
export async function loadSharp(): Promise<SharpFunction> {
  const { default: sharp } = await import('sharp').catch(error => {
    const what = 'cannot load the package sharp, which decodes and encodes images; install it again with npm i sharp'
    throw new VisionError(what, { cause: error })
  })
  return sharp
}

const loaders = (...kinds: string[]) => ({ operation: kinds.map(kind => `VipsForeignLoad${kind}`) })
/**
 * libvips' loaders for the formats that `decode` reads from memory. Uhdr: some phones write JPEG files with a gain map.
 */
const DECODERS = loaders(
  ...['JpegBuffer', 'UhdrBuffer', 'PngBuffer', 'WebpBuffer', 'NsgifBuffer', 'TiffBuffer', 'HeifBuffer'],
)
const SVG = loaders('SvgBuffer')

let isBlocking = false
let drawings = 0

/** Lets libvips run only the loaders for the formats that `decode` reads, in the whole process. */
export async function blockOtherLoaders(): Promise<void> {
  const sharp = await loadSharp()
  sharp.block(loaders(''))
  sharp.unblock(DECODERS)
  if (drawings > 0) sharp.unblock(SVG)
  isBlocking = true
}

/** Calls `draw` with a sharp that can draw SVG, even if other loaders are blocked. */
export async function withSvg<T>(draw: (sharp: SharpFunction) => Promise<T>): Promise<T> {
  const sharp = await loadSharp()
  if (drawings++ === 0 && isBlocking) sharp.unblock(SVG)
  try {
    return await draw(sharp)
  } finally {
    if (--drawings === 0 && isBlocking) sharp.block(SVG)
  }
}
