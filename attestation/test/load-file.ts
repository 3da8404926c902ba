import { readFile } from 'node:fs/promises';

/** Reads a file of `vectors/`. In a browser `load-file.browser.ts` stands in for this module and fetches it. */
export async function loadFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await readFile(new URL(`../../vectors/${path}`, import.meta.url)));
}
