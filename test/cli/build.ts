import { buildJavaScript } from '../../scripts/build-javascript.mjs'

/** Runs once before all tests of the command, which test what users install: dist, not src. */
export const setup = buildJavaScript
