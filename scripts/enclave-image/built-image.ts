import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';

/** An EIF and what it measures. */
export interface BuiltImage {
  readonly file: string;
  readonly pcrs: ImagePcrs;
  /** The tracked files were not those of a commit. */
  readonly isModified: boolean;
}

/** The folder that a tool was told to build into. */
export function outputFolder(out: string): string {
  mkdirSync(out, { recursive: true });
  return out;
}

/** Leaves the measurements beside the image as pcrs.json, and prints them. */
export function tellMeasurements(out: string, { file, pcrs, isModified }: BuiltImage): void {
  if (isModified)
    console.error('warning: tracked files differ from the commit; nobody else can rebuild this image');
  const json = JSON.stringify(pcrs, null, 2);
  writeFileSync(join(out, 'pcrs.json'), `${json}\n`);
  console.error(file);
  console.log(json);
}
