import { decode, preprocess } from '@residual/vision'
import type { Kind } from './kind.ts'

const preprocessing = {
  resize: 9,
  crop: 8,
  filter: 'bilinear',
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
} as const

/** The files of each format, by their names in `packages/vision/test/goldens/files`. */
export const IMAGES = {
  JPEG: ['rgb.jpg', 'rgb-progressive.jpg', 'cmyk.jpg', 'orientation-6.jpg'],
  PNG: ['rgb.png', 'palette.png', 'rgba.png', 'black-and-white.png'],
  '16-bit PNG': ['rgb16.png', 'rgba16.png', 'grey16.png', 'grey16-alpha.png'],
  WebP: ['rgb.webp', 'rgba.webp', 'orientation-8.webp'],
  GIF: ['palette.gif'],
  TIFF: ['rgb.tiff', 'cmyk.tiff', 'grey16.tiff', 'rgba.tiff'],
  BMP: ['rgb.bmp', 'palette.bmp', '32-bits-masks.bmp', 'top-down.bmp'],
  AVIF: [],
} as const

export const images: readonly Kind[] = Object.keys(IMAGES).map(name => ({
  name,
  async use(file) {
    preprocess(await decode(file), preprocessing)
  },
}))
