import { checkFilter, type Filter, type Kernel, kernels } from './filters.ts'
import { checkImage, checkSize, type RgbImage } from './image.ts'

/**
 * Coefficients are fixed-point numbers with this many bits after the point. A sum of products needs 8 more bits, and 2
 * are reserved for the overshoot of kernels with negative lobes, so the sum always fits into an int32.
 */
const PRECISION_BITS = 32 - 8 - 2
const HALF = 1 << (PRECISION_BITS - 1)

/**
 * Resizes an image to `width` x `height` pixels, to exactly the bytes of Pillow 13's `Image.resize`. (Older releases
 * round a few bytes differently if the height shrinks by more than twice as many pixels as the width.)
 *
 * Every filter except 'nearest' antialiases: when shrinking, its kernel is widened by the scale. Rows and columns are
 * resampled one after the other, with rounding to 8 bits in between.
 *
 * @param filter default 'bilinear'
 * @throws VisionError for sizes that are not whole numbers of at least 1, more pixels than allowed, or an unknown
 *   filter.
 */
export function resize(image: RgbImage, width: number, height: number, filter: Filter = 'bilinear'): RgbImage {
  checkImage(image)
  checkSize(width, height)
  checkFilter(filter)
  if (filter === 'nearest') return nearest(image, width, height)
  const kernel = kernels[filter]
  const alongRows = (p: RgbImage) => (width === p.width ? p : resampleRows(p, width, kernel))
  const alongColumns = (p: RgbImage) => (height === p.height ? p : resampleColumns(p, height, kernel))
  const removedRows = image.height - height
  // Pillow's rule since release 13. The order matters, as bytes are rounded between the two. With this order
  // the image in between never has more pixels than the larger of the other two.
  const columnsFirst = removedRows > 0 && removedRows > 2 * (image.width - width)
  const resized = columnsFirst ? alongRows(alongColumns(image)) : alongColumns(alongRows(image))
  return resized === image ? { width, height, data: image.data.slice() } : resized
}

/**
 * Resizes an image so that its short side has `size` pixels, as torchvision's `Resize(size)` does. The long side
 * becomes `size * long / short`, rounded down.
 *
 * @param filter default 'bilinear'
 * @throws VisionError as {@link resize} does.
 */
export function resizeShortest(image: RgbImage, size: number, filter: Filter = 'bilinear'): RgbImage {
  const { width, height } = image
  const [short, long] = width <= height ? [width, height] : [height, width]
  const resizedLong = Math.trunc((size * long) / short)
  return width <= height ? resize(image, size, resizedLong, filter) : resize(image, resizedLong, size, filter)
}

/** For each position along a resized side: where its window in the old side starts, how long it is, and its weights. */
interface Windows {
  readonly starts: Int32Array
  readonly lengths: Int32Array
  /** `[places, stride]`, in fixed point. */
  readonly coefficients: Int32Array
  readonly stride: number
}

function windowsOf(from: number, to: number, { support, weight }: Kernel): Windows {
  const scale = from / to
  const stretch = Math.max(scale, 1)
  const reach = support * stretch
  const stride = Math.min(Math.ceil(reach) * 2 + 1, from)
  const starts = new Int32Array(to)
  const lengths = new Int32Array(to)
  const coefficients = new Int32Array(to * stride)
  const weights = new Float64Array(stride)
  for (let place = 0; place < to; place++) {
    const center = (place + 0.5) * scale
    const start = Math.max(0, Math.trunc(center - reach + 0.5))
    const length = Math.min(from, Math.trunc(center + reach + 0.5)) - start
    let sum = 0
    for (let i = 0; i < length; i++) {
      weights[i] = weight((i + start - center + 0.5) * (1 / stretch))
      sum += weights[i]
    }
    for (let i = 0; i < length; i++) {
      const scaled = (sum === 0 ? weights[i] : weights[i] / sum) * (1 << PRECISION_BITS)
      coefficients[place * stride + i] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
    }
    starts[place] = start
    lengths[place] = length
  }
  return { starts, lengths, coefficients, stride }
}

function resampleRows({ width: from, height, data }: RgbImage, to: number, kernel: Kernel): RgbImage {
  const { starts, lengths, coefficients, stride } = windowsOf(from, to, kernel)
  const resized = new Uint8Array(to * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    const row = y * from * 3
    for (let x = 0; x < to; x++, at += 3) {
      let pixel = row + starts[x] * 3
      let [red, green, blue] = [HALF, HALF, HALF]
      const end = x * stride + lengths[x]
      for (let k = x * stride; k < end; k++, pixel += 3) {
        const coefficient = coefficients[k]
        red = (red + Math.imul(data[pixel], coefficient)) | 0
        green = (green + Math.imul(data[pixel + 1], coefficient)) | 0
        blue = (blue + Math.imul(data[pixel + 2], coefficient)) | 0
      }
      resized[at] = toByte(red)
      resized[at + 1] = toByte(green)
      resized[at + 2] = toByte(blue)
    }
  }
  return { width: to, height, data: resized }
}

function resampleColumns({ width, height: from, data }: RgbImage, to: number, kernel: Kernel): RgbImage {
  const { starts, lengths, coefficients, stride } = windowsOf(from, to, kernel)
  const rowBytes = width * 3
  const resized = new Uint8Array(rowBytes * to)
  // Whole rows are summed at a time, so that memory is read in order.
  const sums = new Int32Array(rowBytes)
  for (let y = 0; y < to; y++) {
    sums.fill(HALF)
    for (let k = 0; k < lengths[y]; k++) {
      const coefficient = coefficients[y * stride + k]
      const row = (starts[y] + k) * rowBytes
      for (let i = 0; i < rowBytes; i++) sums[i] += Math.imul(data[row + i], coefficient)
    }
    for (let i = 0, at = y * rowBytes; i < rowBytes; i++, at++) resized[at] = toByte(sums[i])
  }
  return { width, height: to, data: resized }
}

function toByte(sum: number): number {
  const value = sum >> PRECISION_BITS
  return value < 0 ? 0 : Math.min(value, 255)
}

function nearest({ width: fromWidth, height: fromHeight, data }: RgbImage, width: number, height: number): RgbImage {
  const columns = nearestPlaces(fromWidth, width)
  const rows = nearestPlaces(fromHeight, height)
  const resized = new Uint8Array(width * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    const row = rows[y] * fromWidth
    for (let x = 0; x < width; x++, at += 3) {
      const pixel = (row + columns[x]) * 3
      resized[at] = data[pixel]
      resized[at + 1] = data[pixel + 1]
      resized[at + 2] = data[pixel + 2]
    }
  }
  return { width, height, data: resized }
}

/**
 * The old position under the middle of each new one. Computed by addition, whose rounding decides ties as Pillow does.
 */
function nearestPlaces(from: number, to: number): Int32Array {
  const scale = from / to
  const places = new Int32Array(to)
  for (let place = 0, middle = scale * 0.5; place < to; place++, middle += scale) {
    places[place] = Math.min(Math.trunc(middle), from - 1)
  }
  return places
}
