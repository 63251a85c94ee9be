import { VisionError } from './errors.ts'

/** The package sharp, loaded when needed, so that data sets can be read without it. Of Node alone. */
export async function loadSharp(): Promise<typeof import('sharp')['default']> {
  const { default: sharp } = await import('sharp').catch(error => {
    const what = 'cannot load the package sharp, which decodes and encodes pictures; install it again with npm i sharp'
    throw new VisionError(what, { cause: error })
  })
  return sharp
}
