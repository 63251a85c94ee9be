import { ordinary, type WithoutGradient } from '../../graph/operation.ts'
import { sizeOf } from '../../shape.ts'
import { checkEpilogue, type Epilogue, epilogueOf } from '../epilogue.ts'
import { type Conv2dGeometry, conv2dShape, walkProducts } from './geometry.ts'

/** Inputs: x `[n, h, w, c]`, weight `[o, c / groups, kh, kw]`, then the bias and residual of the epilogue, if any. */
export interface Conv2dAttributes extends Conv2dGeometry, Epilogue {}

export const forward: WithoutGradient<'conv2d'> = {
  name: 'conv2d',
  shape(inputs, attributes) {
    const [x, weight] = inputs
    const output = conv2dShape(x, weight, attributes)
    checkEpilogue('conv2d', inputs, output, attributes)
    return output
  },
  traits: ordinary,
  macs: ([, weight], output) => sizeOf(output) * weight[1] * weight[2] * weight[3],
  reference(inputs, output, { stride, padding, dilation, groups, ...epilogue }) {
    const [x, weight] = inputs
    const finish = epilogueOf(inputs, output, epilogue)
    const sums = new Float64Array(output.data.length)
    walkProducts(x.shape, weight.shape, output.shape, { stride, padding, dilation, groups }, (i, w, o) => {
      sums[o] += x.data[i] * weight.data[w]
    })
    sums.forEach((sum, index) => {
      output.data[index] = finish(sum, index)
    })
  },
}
