export type { Box } from './boxes.ts'
export { type Diagram, type DiagramOptions, type DrawnStage, diagramOf, type Totals } from './diagram.ts'
export { diagramFile } from './diagram-file.ts'
export { diagramPage } from './diagram-page.ts'
