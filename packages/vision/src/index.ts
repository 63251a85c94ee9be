export { type Batch, batchOf } from './cifar/batch.ts'
export { cifar10Classes, cifar100Classes } from './cifar/classes.ts'
export type { Split } from './cifar/kinds.ts'
export { type CifarOptions, openCifar } from './cifar/open.ts'
export type { CifarDataset } from './cifar/records.ts'
export { centerCrop } from './crop.ts'
export { blockOtherLoaders, type DecodeOptions, decode, readImage } from './decode/index.ts'
export {
  type Download,
  type DownloadOptions,
  download,
  type FileRequest,
  openDownload,
  type WholeFileRequest,
} from './download/index.ts'
export { encodePng, svgToPng } from './encode/index.ts'
export { DownloadError, VisionError } from './errors.ts'
export type { Filter } from './filters.ts'
export { DEFAULT_MAX_PIXELS, MAX_PIXELS, type RgbImage } from './image.ts'
export type { Augmentation, RandomResizedCrop } from './loading/augmentation.ts'
export type { TrainingBatch } from './loading/batches.ts'
export {
  type ImageFolder,
  type ImageFolderOptions,
  type ImageFolderSplit,
  imageFolderSplits,
  openImageFolder,
} from './loading/image-folder.ts'
export { loadBatches } from './loading/load.ts'
export { type BatchOptions, type LoadOptions, stepsPerEpoch } from './loading/plan.ts'
export type { ImageArray, ImageFiles, LabelledImages, TrainingSource } from './loading/source.ts'
export type { Normalization, Triple } from './normalize.ts'
export { type Preprocessing, preprocess } from './preprocess.ts'
export { Random, type RandomState } from './random.ts'
export { resize, resizeShortest } from './resize.ts'
export { drawShapes, type ShapesDataset, type ShapesOptions } from './shapes/shapes.ts'
export type { Source } from './source.ts'
