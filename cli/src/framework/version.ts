/** Of the release; a test compares it with package.json, which a compiled command does not have beside it. */
export const VERSION = '0.1.0';
