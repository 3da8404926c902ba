import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

/** Writes a folder of `vectors/attestation` anew: the bytes, and INDEX.json with what is expected of them. */
export function writeFolder(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
  index: unknown,
): void {
  const directory = new URL(`../../../vectors/attestation/${folder}/`, import.meta.url);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(new URL(name, directory), bytes);
  writeFileSync(new URL('INDEX.json', directory), `${JSON.stringify(index, null, 1)}\n`);
}
