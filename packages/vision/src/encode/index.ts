import { encodePixels } from '#encode'
import { checkPicture, type Picture } from '../picture.ts'

/**
 * Writes a picture as a PNG file of 8-bit RGB, which has every pixel as it is.
 * @returns the bytes of the file.
 * @throws VisionError where the sizes and the data of the picture do not fit together.
 */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  checkPicture(picture)
  return encodePixels(picture)
}
