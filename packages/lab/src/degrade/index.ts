export {
  type Degradation,
  type DegradeEvent,
  type DegradeOptions,
  type DegradeRun,
  degrade,
  LONG_RECIPE,
  type RunName,
  SHORT_RECIPE,
} from './degrade.ts'
export { findings } from './findings.ts'
export { degradationPage, degradationSvgs } from './report.ts'
export type { EpochRecord, TimedSignals } from './run-folder.ts'
export { saveDegradation } from './save.ts'
