import { buildJavaScript } from '../../scripts/build-javascript.mjs'

/** Once before all tests of the command, which run what users install: dist, not src. */
export const setup = buildJavaScript
