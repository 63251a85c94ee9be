import { makeDirectory, replaceFile } from '@residual/resnet/files'
import { svgToPng } from '@residual/vision'
import type { Degradation } from './degrade.ts'
import { degradationPage, degradationSvgs } from './report.ts'

/**
 * Writes what {@link degrade} found into a directory: `report.html`, `degradation.json` with every number, and each figure
 * as SVG and PNG in `figures`. Node only. Each file is replaced completely or not at all.
 * @throws CheckpointError if a file cannot be written.
 */
export async function saveDegradation(directory: string, degradation: Degradation): Promise<void> {
  const encoder = new TextEncoder()
  await makeDirectory(`${directory}/figures`)
  for (const [name, svg] of degradationSvgs(degradation)) {
    await replaceFile(`${directory}/figures/${name}.svg`, encoder.encode(svg))
    await replaceFile(`${directory}/figures/${name}.png`, await svgToPng(svg, { scale: 2 }))
  }
  await replaceFile(`${directory}/degradation.json`, encoder.encode(`${JSON.stringify(degradation)}\n`))
  await replaceFile(`${directory}/report.html`, encoder.encode(degradationPage(degradation)))
}
