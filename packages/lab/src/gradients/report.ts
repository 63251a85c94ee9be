import { architecture } from '@residual/resnet'
import { count } from '../report/format.ts'
import { dataTable, figure, type Markup, markup, page, svgFile } from '../report/index.ts'
import { gradientFigures } from './figures.ts'
import { gradientFindings, numberText, passageOf } from './findings.ts'
import type { GradientTrace } from './trace.ts'

/** The figures of a {@link GradientTrace} as SVG files, by name without an ending; start with the first. */
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
<p>A layer learns from the gradient in its weights: the product of what came into the layer and of the gradient that
arrives at what it gives. The second is shown as well, since it alone tells how the gradient fared on its way through
the layers behind.</p>
${gradients.map(figure)}
${
  direct.length > 0 &&
  markup`<h2>Along the shortcuts</h2>
<p>With H(x) = F(x) + x the gradient at x is that at H(x), and what F makes of it, added up. So a part of it comes to every
block past all convolutions, however deep the network is; only the ReLU after each addition cuts it.</p>
${direct.map(figure)}`
}
<h2>Responses</h2>
<p>How large signals are on their way forward: what a layer gives is what the next one works with.</p>
${responses.map(figure)}
${
  time.length > 0 &&
  markup`<h2>In time</h2>
${time.map(figure)}`
}
<h2>Why</h2>
<p>On its way back the gradient is multiplied by one layer’s weights after another. If each makes it a little smaller it is
gone after many, and if each makes it a little larger it is too large: the vanishing and the exploding gradient
(Hochreiter 1991; Bengio, Simard and Frasconi 1994). Weights of a fixed size, such as a standard deviation of 0.01, hardly
ever have the right one. Those of Glorot and Bengio (2010) keep the size in layers without ReLU, those of He et al. (2015)
in layers with it.</p>
<p>Batch norms bring the responses of each layer to one size, whatever the weights are, and so the gradient does not vanish
in plain networks that have them: it grows instead, the more the deeper they are (Yang et al. 2019, “A Mean Field Theory of
Batch Normalization”). He et al. conclude that deep plain networks are not harder to train because of vanishing gradients
(section 4.1). ${bare ? 'Here networks were measured without batch norms' : 'Without batch norms (--no-batch-norm) and with such weights it is another matter'}.</p>`,
  })
}

/** A sentence about what was measured. */
export function gradientSetting({ networks, images, data, initialization, steps, rate, seed }: GradientTrace): string {
  const names = networks.map(({ architecture }) => architecture).join(', ')
  const weights = { kaiming: 'Kaiming’s', xavier: 'Xavier’s', gaussian: 'Gaussian' }[initialization]
  const training = steps === 0 ? 'as they begin' : `as they begin and in ${count(steps)} updates at a rate of ${rate}`
  return `${names} with ${weights} weights (seed ${seed}), ${training}, measured on ${images} images of ${data}.`
}

/** The numbers behind the sentences. */
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
    caption: 'Gradients at the first convolution and the last',
    headings: ['network', '>updates', '>loss', '>in first', '>in last', '>arrives at first / last', '>direct / whole'],
    rows,
  })
}
