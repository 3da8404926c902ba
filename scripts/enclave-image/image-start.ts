import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How Dockerfile.enclave starts the image. */
export interface ImageStart {
  readonly command: readonly string[];
  /** NAME=value: the whole environment. */
  readonly environment: readonly string[];
}

/**
 * Reads command and environment out of Dockerfile.enclave, so that no other recipe of an image can start it differently.
 * @throws Error when its last stage has no CMD in JSON form
 */
export function imageStart(repository: string): ImageStart {
  const text = readFileSync(join(repository, 'Dockerfile.enclave'), 'utf8');
  const lastStage = text.slice(text.lastIndexOf('\nFROM '));
  const json = /^CMD (\[.*\])$/m.exec(lastStage)?.[1];
  if (json === undefined) throw new Error('Dockerfile.enclave has no CMD in JSON form');
  const environment = [...lastStage.matchAll(/^ENV (\w+=\S+)$/gm)].map(([, setting = '']) => setting);
  return { command: JSON.parse(json) as string[], environment };
}
