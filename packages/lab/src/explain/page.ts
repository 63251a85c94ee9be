import { encodePng, type RgbImage, resize } from '@residual/vision'
import { barChart, dataTable, figure, lineChart, type Markup, markup, page } from '../report/index.ts'
import type { Explanation } from './explain.ts'
import { heatColour, heatImage, OPACITY, overlay } from './heat.ts'
import { answersText, effectsText, heatText, percent, ratioText, runsOf } from './text.ts'

export interface ExplanationPageOptions {
  /** Name of the image, such as its file name. Default `the image`. */
  readonly image?: string
}

/** An {@link Explanation} as a PNG file: the map over the image. */
export function explanationPng({ view, map }: Explanation): Promise<Uint8Array> {
  return encodePng(overlay(view, map))
}

/**
 * An {@link Explanation} as a self-contained HTML page: the image under the map, the network's answer, its answer at
 * each depth, and what each block changes.
 */
export async function explanationPage(
  explanation: Explanation,
  { image = 'the image' }: ExplanationPageOptions = {},
): Promise<string> {
  const { model, architecture, predictions, target, blocks } = explanation
  const [best] = predictions
  const isBest = best.index === target.index
  return page({
    title: isBest ? `Why ${model} answers “${target.label}”` : `Where ${model} sees “${target.label}”`,
    lead: `${model}${model === architecture ? '' : ` (${architecture})`} classifies ${image} as “${best.label}” with a probability of ${percent(best.score)}${isBest ? '' : `; the probability of “${target.label}” is ${percent(target.score)}`}. ${heatText(explanation)}`,
    body: markup`${await whereOf(explanation, image)}
<section><h2>What it answers</h2>
${dataTable({
  caption: `The ${predictions.length} most likely classes`,
  headings: ['class', 'probability'],
  rows: predictions.map(({ label, score }) => [label, [bar(score), percent(score)]]),
})}</section>
${
  blocks.length === 0
    ? markup`<p>${model} is a plain network: without shortcuts there is no stream to follow from block to block.</p>`
    : [depthsOf(explanation), effectsOf(explanation)]
}`,
    styles,
    scripts: `(${slide})()`,
  })
}

const bar = (score: number): Markup => markup`<span class="part" style="width:${(12 * score).toFixed(2)}rem"></span> `

async function whereOf(explanation: Explanation, image: string): Promise<Markup> {
  const { target, layer, map, seen, view } = explanation
  const { width, height } = view
  const small = seen.width > width ? resize(seen, width, height) : seen
  const [input, square, heat] = await Promise.all([
    dataUri(small),
    dataUri(view),
    dataUri(heatImage(map, width, height)),
  ])
  const stops = Array.from({ length: 9 }, (_, i) => `rgb(${heatColour(i / 8).join(' ')})`)
  return markup`<section><h2>Where it sees “${target.label}”</h2>
<div class="views">
<figure><img class="pixels" src="${input}" width="${width}" height="${height}" alt="${image} at ${seen.width} by ${seen.height} pixels">
<figcaption>The input of the network: ${seen.width} × ${seen.height} pixels.</figcaption></figure>
<figure><div class="stack"><img src="${square}" width="${width}" height="${height}" alt="The same square of ${image}"><img class="heat" style="opacity:${OPACITY}" src="${heat}" width="${width}" height="${height}" alt="${heatText(explanation)}"></div>
<div class="scale"><span>no evidence</span><span class="ramp" style="background:linear-gradient(to right,${stops.join(',')})"></span><span>most evidence</span></div>
<label class="slide" hidden><span>Heat over the image</span><input type="range" min="0" max="100" value="${100 * OPACITY}"><output>${100 * OPACITY} %</output></label>
<figcaption>The same square in more pixels, under the map of ${layer}.</figcaption></figure>
</div>
<p>Grad-CAM multiplies each channel of ${layer} by the mean gradient of the logit of “${target.label}” with respect to it, adds
up the channels, and keeps the positive part (Selvaraju et al., “Grad-CAM”, 2017). The map has ${map.width} × ${map.height} places;
values between them are interpolated. It shows what the network bases the class on, not that the class is right.</p></section>`
}

/** A longer list of answers is folded. */
const MANY = 20

function depthsOf(explanation: Explanation): Markup {
  const { depths, target, predictions } = explanation
  const last = depths.length - 1
  const drawn = figure({
    draw: width =>
      lineChart({
        title: 'Probability at each depth',
        series: [
          { name: `“${target.label}”`, points: depths.map((one, i) => [i, one.target]) },
          { name: 'the most likely class', points: depths.map(({ score }, i) => [i, score]), dashed: true },
        ],
        x: { label: 'blocks passed', min: 0, max: last },
        y: { label: 'probability', min: 0, max: 1, format: value => `${Math.round(100 * value)} %` },
        width,
        height: 340,
      }),
    caption: `The probability of “${target.label}” and of the most likely class after each block.`,
    table: dataTable({
      caption: 'The answer at each depth',
      headings: ['after', 'answer', '>its probability', `>probability of “${target.label}”`],
      rows: depths.map(one => [one.after, one.label, percent(one.score), percent(one.target)]),
    }),
  })
  const runs = runsOf(explanation)
  const called = dataTable({
    caption: 'How the answer changes with depth',
    headings: ['after', 'answer', '>probability'],
    rows: runs.map(({ from, to, label, scores }) => {
      const [least, most] = [percent(Math.min(...scores)), percent(Math.max(...scores))]
      return [from === to ? from : `${from} to ${to}`, label, least === most ? least : `${least} to ${most}`]
    }),
  })
  return markup`<section><h2>What it would answer at each depth</h2>
<p>A residual network carries a description of the image from block to block, and each block adds to it. From
any depth, the shortcuts alone can carry it on to the classifier, as if the later blocks added nothing. ${answersText(explanation)}</p>
${drawn}
${runs.length > MANY ? markup`<details><summary>How the answer changes with depth (${runs.length - 1} changes)</summary>${called}</details>` : called}
${predictions[0].index !== target.index && markup`<p>The network’s own answer is “${predictions[0].label}”.</p>`}</section>`
}

function effectsOf(explanation: Explanation): Markup {
  const { blocks } = explanation
  const hasActivation = blocks.some(({ ratio, change }) => ratio !== change)
  const drawn = figure({
    draw: width =>
      barChart({
        title: 'How much each block changes the stream',
        categories: blocks.map(({ block }) => block.replace('layer', '')),
        series: [
          { name: 'length of F(x)', values: blocks.map(({ ratio }) => ratio) },
          ...(hasActivation
            ? [{ name: 'change after the activation', values: blocks.map(({ change }) => change) }]
            : []),
        ],
        x: { label: 'block (stage.block)' },
        y: { label: 'relative to the shortcut’s length', min: 0 },
        width,
      }),
    caption: `Length (Euclidean norm) of F(x) in each block${hasActivation ? ', and of the change that is left after the activation' : ''}, relative to the length of what the shortcut passes on.`,
    table: dataTable({
      caption: 'How each block changes the stream',
      headings: ['block', '>|F(x)| / |x|', '>cosine of F(x) and x', '>|H(x) − x| / |x|'],
      rows: blocks.map(one => [one.block, ...[one.ratio, one.cosine, one.change].map(ratioText)]),
    }),
  })
  return markup`<section><h2>How much each block changes</h2>
<p>A block computes H(x) = F(x) + x, where x is what the shortcut passes on. ${effectsText(explanation)}</p>
${drawn}</section>`
}

async function dataUri(image: RgbImage): Promise<string> {
  const bytes = await encodePng(image)
  let text = ''
  // In pieces, since a call takes a limited number of arguments.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return `data:image/png;base64,${btoa(text)}`
}

/** Runs in the page. It is embedded as text, so it must not use anything from outside. */
function slide(): void {
  const label = document.querySelector<HTMLLabelElement>('.slide')!
  const [input, output] = [label.querySelector('input')!, label.querySelector('output')!]
  const heat = document.querySelector<HTMLImageElement>('.heat')!
  const show = () => {
    heat.style.opacity = String(input.valueAsNumber / 100)
    output.value = `${input.value} %`
  }
  input.addEventListener('input', show)
  label.hidden = false
  // Browsers keep the position of a slider when a page is reloaded.
  show()
}

const styles = `.views{display:flex;flex-wrap:wrap;gap:1.5rem;margin:1.5rem 0}
.views figure{margin:0;width:28rem;max-width:100%}
.views img{display:block;width:100%;height:auto}
.pixels{image-rendering:pixelated}
.stack{position:relative}
.stack .heat{position:absolute;inset:0}
.part{display:inline-block;height:.7rem;background:var(--hue0);print-color-adjust:exact}
.scale,.slide:not([hidden]){display:flex;align-items:center;gap:.75rem;font-size:.875rem;margin:.5rem 0}
.ramp{flex:1;height:.9rem;border:1px solid var(--line);print-color-adjust:exact}
.slide input{flex:1;min-width:4rem;accent-color:var(--hue0)}
.slide output{min-width:3.2rem;text-align:right;font-variant-numeric:tabular-nums}
@media print{.slide:not([hidden]){display:none}}`
