/** The first event: what will be trained. */
export interface StartEvent {
  readonly kind: 'start'
  /** Updates done before, 0 unless resumed. */
  readonly step: number
  /** Updates of the whole training. */
  readonly steps: number
  /** Epochs of the whole training; the last one may be a part. */
  readonly epochs: number
  /** Images in the training data. */
  readonly images: number
  /** Trainable parameters. */
  readonly parameters: number
  readonly architecture: string
  /** Whether the given model's classifier made way for a new one, as the data has other classes or another order. */
  readonly newClassifier: boolean
  /** What runs it. */
  readonly build: string
  readonly threads: number
  /** Bytes of WebAssembly memory. */
  readonly memory: number
}

/** After every update. */
export interface StepEvent {
  readonly kind: 'step'
  /** From 1. */
  readonly epoch: number
  /** Updates done. */
  readonly step: number
  /** Learning rate of this update. */
  readonly lr: number
  /** Mean loss of its images, with label smoothing if there is any. */
  readonly loss: number
  /** Fraction of its images whose class had the largest logit, 0 to 1. */
  readonly top1: number
  /** Rate of this epoch, since the training was started or resumed. */
  readonly imagesPerSecond: number
}

/** After every epoch, and at the end of the training. */
export interface EpochEvent {
  readonly kind: 'epoch'
  /** From 1. */
  readonly epoch: number
  /** Updates done. */
  readonly step: number
  /** Learning rate of the last update. */
  readonly lr: number
  /** Mean over the images of the epoch, while the weights changed. */
  readonly trainLoss: number
  readonly trainTop1: number
  /** Loss with the weights that the model will have, without label smoothing; null without test data. */
  readonly testLoss: number | null
  readonly testTop1: number | null
  /** Images trained on in a second, without evaluation and saving. */
  readonly imagesPerSecond: number
}

export type TrainingEvent = StartEvent | StepEvent | EpochEvent
