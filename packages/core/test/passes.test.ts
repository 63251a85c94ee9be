import { describe, expect, test } from 'vitest'
import {
  batchNorm,
  compile,
  concat,
  constant,
  conv2d,
  grad,
  graphOf,
  input,
  linear,
  moments,
  normalize,
  Scope,
  type Shape,
  type Tensor,
} from '../src/index.ts'
import { optimize } from '../src/passes/index.ts'
import { evaluate } from '../src/reference/evaluate.ts'
import { sizeOf } from '../src/shape.ts'

const x = input('x', [2, 4, 4, 4])

/** Builds a network and creates its parameters on the way. */
class Builder {
  readonly scope = new Scope()
  #layers = 0

  conv(input: Tensor, options: { bias?: boolean; stride?: number; width?: number } = {}): Tensor {
    const { bias, stride, width = 4 } = options
    const layer = this.scope.at(`conv${this.#layers++}`)
    const weight = layer.parameter('weight', [width, input.shape[3], 3, 3])
    return conv2d(input, weight, { padding: 1, stride, bias: bias ? layer.parameter('bias', [width]) : undefined })
  }

  norm(input: Tensor): Tensor {
    const layer = this.scope.at(`bn${this.#layers++}`)
    const of = (name: string) => layer.parameter(name, input.shape.slice(-1))
    return batchNorm(input, { gamma: of('weight'), beta: of('bias'), mean: of('mean'), variance: of('var') })
  }

  batchNorm(input: Tensor): Tensor {
    const layer = this.scope.at(`bn${this.#layers++}`)
    const of = (name: string) => layer.parameter(name, input.shape.slice(-1))
    return normalize(input, moments(input), { gamma: of('weight'), beta: of('bias') })
  }

  /** The gradients of a loss, the sum of the squares of `y`, with respect to the weights of the convolutions. */
  gradients(y: Tensor): Tensor[] {
    const { parameters } = graphOf([y])
    return grad(
      y.square().sum(),
      parameters.filter(({ attributes }) => attributes.name.startsWith('conv')),
    )
  }

  vector(shape: Shape): Tensor {
    return this.scope.parameter(`vector${this.#layers++}`, shape)
  }
}

function valuesFor(leaf: Tensor<'input' | 'parameter'>): Float32Array {
  const { name } = leaf.attributes
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1009, 7)
  const isVariance = name.endsWith('var')
  return Float32Array.from({ length: sizeOf(leaf.shape) }, (_, i) => {
    const value = Math.sin(seed + 1.7 * i)
    return isVariance ? 0.5 + Math.abs(value) : value
  })
}

/** For example `conv2d+bias+relu`: the operation or its kind, then everything that was fused into it. */
function describeNode(node: Tensor): string {
  const { attributes } = node
  const parts: string[] = ['kind' in attributes ? attributes.kind : node.op]
  if ('bias' in attributes && attributes.bias) parts.push('bias')
  if ('residual' in attributes && attributes.residual) parts.push('residual')
  if ('gate' in attributes && attributes.gate) parts.push('gate')
  if ('activation' in attributes && attributes.activation !== 'none') parts.push(attributes.activation)
  return parts.join('+')
}

const cases: Record<string, [build: (b: Builder) => Tensor | Tensor[], after: string]> = {
  'a batch norm is folded into its convolution': [b => b.norm(b.conv(x)), 'conv2d+bias'],
  'a batch norm is folded into a convolution with a bias': [b => b.norm(b.conv(x, { bias: true })), 'conv2d+bias'],
  'two batch norms in a row are folded': [b => b.norm(b.norm(b.conv(x))), 'conv2d+bias'],
  'a batch norm stays if the convolution is used elsewhere': [
    b => {
      const y = b.conv(x)
      return b.norm(y).mul(y)
    },
    'conv2d, scaleShift, mul',
  ],
  'a batch norm stays if the convolution is an output': [
    b => {
      const y = b.conv(x)
      return [b.norm(y), y]
    },
    'conv2d, scaleShift',
  ],
  'a batch norm stays if something is between it and the convolution': [
    b => b.norm(b.conv(x).relu()),
    'conv2d+relu, scaleShift',
  ],
  'a batch norm stays if the convolution already has a ReLU': [
    b => {
      const y = b.conv(x)
      return y.is('conv2d') ? b.norm(y.with(y.inputs, { ...y.attributes, activation: 'relu' })) : y
    },
    'conv2d+relu, scaleShift',
  ],
  'a ReLU is fused into a batch norm without a convolution': [b => b.norm(x).relu(), 'scaleShift+relu'],
  'a ReLU stays if the batch norm before it is used elsewhere': [
    b => {
      const y = b.norm(x)
      return y.relu().add(y)
    },
    'scaleShift, relu, add',
  ],
  'a batch norm after a matrix product stays': [
    b => b.norm(linear(x.reshape([2, 64]), b.vector([3, 64]))).relu(),
    'reshape, matmul, scaleShift+relu',
  ],
  'unknown statistics become tensors': [
    b => {
      const mean = x.mean([0, 1, 2])
      const variance = x.square().mean([0, 1, 2])
      return batchNorm(b.conv(x), { gamma: b.vector([4]), beta: b.vector([4]), mean, variance })
    },
    'conv2d, square, mean, add, sqrt, div, mean, mul, sub, scaleShift',
  ],

  'a ReLU is fused into its convolution': [b => b.conv(x).relu(), 'conv2d+relu'],
  'only one ReLU is fused': [b => b.conv(x).relu().relu(), 'conv2d+relu, relu'],
  'no other function is fused': [b => b.conv(x).neg(), 'conv2d, neg'],
  'a ReLU stays if the convolution is used twice': [
    b => {
      const y = b.conv(x)
      return y.relu().add(y)
    },
    'conv2d, relu, add',
  ],
  'a bias is fused': [b => b.conv(x).add(b.vector([4])), 'conv2d+bias'],
  'a bias on the left is fused': [b => b.vector([4]).add(b.conv(x)), 'conv2d+bias'],
  'a bias with leading extents of 1 is fused': [b => b.conv(x).add(b.vector([1, 1, 1, 4])), 'conv2d+bias'],
  'a number is a bias': [b => b.conv(x).add(0.5).relu(), 'conv2d+bias+relu'],
  'a computed vector is a bias': [b => b.conv(x).add(x.mean([0, 1, 2])), 'mean, conv2d+bias'],
  'a second bias is not fused': [b => b.conv(x, { bias: true }).add(b.vector([4])), 'conv2d+bias, add'],
  'a bias for each pixel is not fused': [b => b.conv(x).add(b.vector([4, 1])), 'conv2d, add'],
  'a bias that makes the output larger is not fused': [b => b.conv(x, { width: 1 }).add(b.vector([4])), 'conv2d, add'],
  'a bias after the ReLU is not fused': [
    b =>
      b
        .conv(x)
        .relu()
        .add(b.vector([4])),
    'conv2d+relu, add',
  ],

  'a residual is fused': [b => b.conv(x).add(x), 'conv2d+residual'],
  'a residual on the left is fused, with the ReLU after it': [
    b => x.add(b.norm(b.conv(x))).relu(),
    'conv2d+bias+residual+relu',
  ],
  'a bias after the residual is fused': [
    b =>
      b
        .conv(x)
        .add(x)
        .add(b.vector([4])),
    'conv2d+bias+residual',
  ],
  'a second residual is not fused': [b => b.conv(x).add(x).add(x.neg()), 'conv2d+residual, neg, add'],
  'a residual that is repeated over the batch is not fused': [
    b => b.conv(x).add(x.slice([0, 0, 0, 0], [1, 4, 4, 4])),
    'conv2d, slice, add',
  ],
  'a convolution added to itself stays as it is': [
    b => {
      const y = b.conv(x)
      return y.add(y)
    },
    'conv2d, add',
  ],
  'the later of two convolutions takes the other as its residual': [
    b => b.conv(x).add(b.conv(x, { bias: true })),
    'conv2d, conv2d+bias+residual',
  ],
  'a whole block with a projection is fused': [
    b =>
      b
        .norm(b.conv(b.norm(b.conv(x)).relu()))
        .add(b.norm(b.conv(x)))
        .relu(),
    'conv2d+bias+relu, conv2d+bias, conv2d+bias+residual+relu',
  ],
  'the earlier convolution takes the later one, if that is used elsewhere': [
    b => {
      const [early, late] = [b.conv(x), b.conv(x)]
      return early.add(late).mul(late)
    },
    'conv2d, conv2d+residual, mul',
  ],
  'a whole block with pre-activation is fused': [
    b => b.conv(b.norm(b.conv(b.norm(x).relu())).relu()).add(x),
    'scaleShift+relu, conv2d+bias+relu, conv2d+residual',
  ],
  'bias, residual and ReLU are fused into a matrix product': [
    b => {
      const a = input('a', [3, 5])
      return linear(a, b.vector([5, 5]), b.vector([5]))
        .add(a)
        .relu()
    },
    'matmul+bias+residual+relu',
  ],

  'the residual and the ReLU are fused into a batch norm in training': [
    b => b.batchNorm(b.conv(x)).add(x).relu(),
    'conv2d, moments, normalize+residual+relu',
  ],
  'only one residual is fused into a batch norm in training': [
    b => b.batchNorm(b.conv(x)).add(x).add(x.neg()),
    'conv2d, moments, normalize+residual, neg, add',
  ],
  'a ReLU stays if the normalized value is used elsewhere': [
    b => {
      const y = b.batchNorm(x)
      return y.relu().add(y)
    },
    'moments, normalize, relu, add',
  ],
  'the gate of the ReLU is fused into the gradient of a batch norm': [
    b => b.gradients(b.batchNorm(b.conv(x)).relu()),
    'conv2d, moments, normalize+relu, mul, mul, normalizeSums+gate, normalizeGradient+gate, conv2dWeightGradient',
  ],
  'the gate stays if the shortcut needs the gated gradient too, which the convolution adds': [
    b => {
      const y = b.conv(x)
      return b.gradients(b.batchNorm(b.conv(y)).add(y).relu())
    },
    'conv2d, conv2d, moments, normalize+residual+relu, mul, mul, gate, normalizeSums, normalizeGradient, conv2dInputGradient+residual, conv2dWeightGradient, conv2dWeightGradient',
  ],

  'constants are computed': [b => x.mul(b.vector([4]).square().add(1).sqrt()), 'mul'],
  'integers are not computed': [b => [x.neg(), b.vector([4]).argmax()], 'neg, argmax'],
  'a graph without inputs is not computed': [b => b.vector([4]).square().sum(), 'square, sum'],
  'operations that change nothing are removed': [
    b => {
      const same = concat(
        [
          x
            .pad([
              [0, 0],
              [0, 0],
              [0, 0],
              [0, 0],
            ])
            .slice([0, 0, 0, 0], x.shape),
        ],
        1,
      )
      return b.conv(same.reshape([2, 4, 4, 4]).reshape([-1]).reshape(x.shape).sum([], true)).relu()
    },
    'conv2d+relu',
  ],
  'reshapes in a row become one': [() => x.reshape([8, 16]).reshape([16, 8]).neg(), 'reshape, neg'],
  'operations that nothing needs are removed': [
    b => {
      b.conv(x)
      return x.neg()
    },
    'neg',
  ],
}

describe('passes', () => {
  test.each(Object.entries(cases))('%s', (_, [build, after]) => {
    const outputs = [build(new Builder())].flat()
    const graph = graphOf(outputs)
    const parameters = new Map(graph.parameters.map(leaf => [leaf.attributes.name, valuesFor(leaf)]))
    const optimized = optimize(graph, parameters)
    const computed = optimized.nodes.filter(node => !node.is('input') && !node.is('constant'))
    expect(computed.map(describeNode).join(', ')).toBe(after)
    expect(optimized.parameters).toEqual([])
    expect(optimized.outputs.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape))

    const before = evaluate(graph, valuesFor)
    evaluate(optimized, valuesFor).forEach(({ data }, i) => {
      data.forEach((value, k) => {
        expect(Math.abs(value - before[i].data[k])).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)))
      })
    })
  })

  test('the given parameters are not changed', async () => {
    const b = new Builder()
    const y = b.norm(b.conv(x, { bias: true })).relu()
    const parameters = new Map(graphOf([y]).parameters.map(leaf => [leaf.attributes.name, valuesFor(leaf)]))
    const copy = structuredClone(parameters)
    await compile({ outputs: { y }, parameters }, { backend: 'reference' })
    expect(parameters).toEqual(copy)
  })

  test('a constant is not copied when nothing changes it', () => {
    const data = new Float32Array(64)
    const { nodes } = optimize(graphOf([x.add(constant(data, [4, 4, 4]))]), new Map())
    expect(nodes.find(node => node.is('constant'))?.attributes.data).toBe(data)
  })
})
