export function buildJavaScript(): Promise<void>
