import { architecture } from '@residual/resnet'
import { dataTable, figure, type Markup, markup, page, svgFile } from '../report/index.ts'
import { gradientFigures } from './figures.ts'
import { gradientFindings, numberText, passageOf, stepsText } from './findings.ts'
import type { GradientTrace } from './trace.ts'

/** The figures of a {@link GradientTrace} as SVG files, by name without an ending. */
export function gradientSvgs(trace: GradientTrace): ReadonlyMap<string, string> {
  const figures = Object.values(gradientFigures(trace)).flat()
  return new Map(figures.map(({ name, draw }) => [name, svgFile(draw(SVG_WIDTH))]))
}

const SVG_WIDTH = 720

/** A {@link GradientTrace} as a self-contained HTML page: findings, curves and numbers. */
export function gradientPage(trace: GradientTrace): string {
  const { gradients, responses, time, direct } = gradientFigures(trace)
  const bare = trace.networks.some(network => architecture(network.architecture).norm === 'none')
  return page({
    title: 'The gradient on its way back',
    lead: gradientSetting(trace),
    body: markup`<h2>What this run showed</h2>
<ul>${gradientFindings(trace).map(text => markup`<li>${text}</li>\n`)}</ul>
${passageTable(trace)}
<h2>Gradients</h2>
<p>A layer learns from the gradient of its weights: the product of the layer’s input and the gradient at its output. The
gradient at the output is shown too, because only it shows how the gradient fared on its way back through the later
layers.</p>
${gradients.map(figure)}
${
  direct.length > 0 &&
  markup`<h2>Along the shortcuts</h2>
<p>With H(x) = F(x) + x, the gradient at x is the gradient at H(x) plus the part that comes back through F. So part of the
gradient reaches every block without passing a convolution, however deep the network is; only the ReLU after each addition
cuts it.</p>
${direct.map(figure)}`
}
<h2>Responses</h2>
<p>How large the signals are on their way forward: the output of one layer is the input of the next.</p>
${responses.map(figure)}
${
  time.length > 0 &&
  markup`<h2>Over time</h2>
${time.map(figure)}`
}
<h2>Why</h2>
<p>On its way back, the gradient is multiplied by the weights of one layer after another. If each layer makes it a little
smaller, it vanishes after many layers; if each makes it a little larger, it explodes (Hochreiter 1991; Bengio, Simard and
Frasconi 1994). Weights with a fixed standard deviation, such as 0.01, hardly ever have the right size. The weights of
Glorot and Bengio (2010) keep the size of the gradient in layers without ReLU, and the weights of He et al. (2015) keep it
in layers with ReLU.</p>
<p>Batch norms give the responses of each layer one size, whatever the weights are. So the gradient does not vanish in plain
networks with batch norms. It grows instead, and it grows more the deeper they are (Yang et al. 2019, “A Mean Field Theory
of Batch Normalization”). He et al. conclude that vanishing gradients are not what makes deep plain networks harder to train
(section 4.1). ${bare ? 'Here networks were measured without batch norms' : 'Without batch norms (--no-batch-norm) and with weights of a fixed size (--initialization gaussian), the gradient does vanish'}.</p>`,
  })
}

/** A sentence about what was measured. */
export function gradientSetting({ networks, images, data, initialization, steps, rate, seed }: GradientTrace): string {
  const names = networks.map(({ architecture }) => architecture).join(', ')
  const weights = { kaiming: 'Kaiming’s', xavier: 'Xavier’s', gaussian: 'Gaussian' }[initialization]
  const training =
    steps === 0 ? 'before training' : `before training and during ${stepsText(steps)} at a learning rate of ${rate}`
  return `${names} with ${weights} weights (seed ${seed}), ${training}, measured on ${images} images of ${data}.`
}

/** The numbers that the sentences are based on. */
function passageTable({ networks }: GradientTrace): Markup {
  const rows = networks.flatMap(network => {
    const { measured } = network
    const shown = measured.length > 1 ? [measured[0], measured[measured.length - 1]] : measured
    return shown.map(one => {
      const { architecture, step, loss, gradient, ratio, direct } = passageOf(network, one)
      const lengths = [gradient.first, gradient.last, ratio].map(value =>
        Number.isFinite(value) ? numberText(value) : '–',
      )
      return [architecture, String(step), loss.toFixed(2), ...lengths, direct === undefined ? '' : numberText(direct)]
    })
  })
  return dataTable({
    caption: 'Gradients at the first and the last convolution',
    headings: [
      'network',
      '>steps',
      '>loss',
      '>first weights',
      '>last weights',
      '>first / last output',
      '>direct / whole',
    ],
    rows,
  })
}
