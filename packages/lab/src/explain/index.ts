export { type BlockEffect, type DepthAnswer, type ExplainOptions, type Explanation, explain } from './explain.ts'
export { type HeatMap, heatColour, overlay, resizeMap } from './heat.ts'
export { type ExplanationPageOptions, explanationPage, explanationPng } from './page.ts'
