import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The command that Dockerfile.enclave gives the image, so that no other recipe of an image can start it differently.
 * @throws Error when the file has no CMD in its JSON form
 */
export function imageCommand(repository: string): string[] {
  const text = readFileSync(join(repository, 'Dockerfile.enclave'), 'utf8');
  const json = /^CMD (\[.*\])$/m.exec(text)?.[1];
  if (json === undefined) throw new Error('Dockerfile.enclave has no CMD in JSON form');
  return JSON.parse(json) as string[];
}
