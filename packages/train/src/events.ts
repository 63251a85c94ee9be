/** The first event: what will be trained. */
export interface StartEvent {
  readonly kind: 'start'
  /** Steps done before, 0 unless resumed. */
  readonly step: number
  /** Steps of the whole training. */
  readonly steps: number
  /** Epochs of the whole training; the last one may be incomplete. */
  readonly epochs: number
  /** Images in the training data. */
  readonly images: number
  /** Number of trainable parameters. */
  readonly parameters: number
  readonly architecture: string
  /**
   * Whether a new classifier replaced the given model's, because the data has other classes or another order of them.
   */
  readonly newClassifier: boolean
  /** The build of the kernels that runs the training. */
  readonly build: string
  readonly threads: number
  /** Bytes of WebAssembly memory. */
  readonly memory: number
}

/** The event after every step. */
export interface StepEvent {
  readonly kind: 'step'
  /** From 1. */
  readonly epoch: number
  /** Steps done. */
  readonly step: number
  /** Learning rate of this step. */
  readonly lr: number
  /** Mean loss of its images, with label smoothing if there is any. */
  readonly loss: number
  /** Fraction of its images whose class had the largest logit, 0 to 1. */
  readonly top1: number
  /** Speed in this epoch, since the training was started or resumed. */
  readonly imagesPerSecond: number
}

/** The event after every epoch and at the end of the training. */
export interface EpochEvent {
  readonly kind: 'epoch'
  /** From 1. */
  readonly epoch: number
  /** Steps done. */
  readonly step: number
  /** Learning rate of the last step. */
  readonly lr: number
  /** Mean loss over the images of the epoch, each with the weights of its step. */
  readonly trainLoss: number
  readonly trainTop1: number
  /**
   * Loss on the test data with the weights that the model will have, without label smoothing; null without test data.
   */
  readonly testLoss: number | null
  readonly testTop1: number | null
  /** Images per second of training; evaluation and saving are not counted. */
  readonly imagesPerSecond: number
}

export type TrainingEvent = StartEvent | StepEvent | EpochEvent
