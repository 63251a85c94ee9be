export { gradientFindings, mainLayers, type Passage, passageOf } from './findings.ts'
export { gradientPage, gradientSetting, gradientSvgs } from './report.ts'
export {
  type GradientTrace,
  type Measurement,
  type TracedNetwork,
  type TraceOptions,
  traceGradients,
} from './trace.ts'
