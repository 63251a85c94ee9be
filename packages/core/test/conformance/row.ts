/** The values of an input: -1 to 1; their absolute values plus 0.125; the negatives of those; or 0, 1, 2, 3, 4. */
export type Range = 'signed' | 'positive' | 'negative' | 'ties'

/** The options of the operation as its function takes them, and a few for the case itself. */
export interface Options {
  readonly stride?: number | [number, number]
  readonly padding?: number | [number, number] | [number, number, number, number]
  readonly dilation?: number | [number, number]
  readonly groups?: number
  readonly kernel?: number | [number, number]
  readonly countIncludePad?: boolean
  readonly transposeA?: boolean
  readonly transposeB?: boolean
  readonly kind?: string
  readonly axis?: number
  readonly axes?: number[]
  readonly keepDims?: boolean
  readonly widths?: [number, number][]
  readonly value?: number
  readonly begin?: number[]
  readonly end?: number[]
  readonly step?: number[]
  readonly shape?: number[]
  /** Add the third input along the last axis. */
  readonly bias?: true
  /** Add the last input. */
  readonly residual?: true
  readonly relu?: true
  /** Default 'signed'. */
  readonly range?: Range
  /** Positions of the inputs that are known when compiling; default the weights of convolutions and batch norms. */
  readonly weights?: number[]
}

/** Plain data, so that `goldens/pytorch.py` can run the same cases on PyTorch. */
export interface Row {
  readonly op:
    | 'conv2d'
    | 'matmul'
    | 'unary'
    | 'binary'
    | 'batchNorm'
    | 'maxPool2d'
    | 'avgPool2d'
    | 'globalAvgPool'
    | 'pad'
    | 'slice'
    | 'concat'
    | 'reshape'
    | 'softmax'
    | 'logSoftmax'
    | 'reduce'
    | 'argmax'
    | 'broadcast'
    | 'spread'
    | 'weightedSum'
    | 'moments'
    | 'normalize'
  /** Shapes, such as 2x8x8x16; an empty string for a scalar. */
  readonly inputs: readonly string[]
  readonly options?: Options
}
