// Writes the CloudFormation templates as JSON. usage: node deploy/cloudformation/synthesize.ts DIR
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyAccountTemplate } from './key-account.ts';
import { serviceAccountTemplate } from './service-account.ts';

/** Writes both templates and returns their files. */
export function synthesize(dir: string): string[] {
  mkdirSync(dir, { recursive: true });
  const templates = {
    'key-account.json': keyAccountTemplate(),
    'service-account.json': serviceAccountTemplate(),
  };
  return Object.entries(templates).map(([name, template]) => {
    const file = join(dir, name);
    writeFileSync(file, `${JSON.stringify(template, null, 2)}\n`);
    return file;
  });
}

if (import.meta.main) {
  const [dir] = process.argv.slice(2);
  if (dir === undefined) throw new Error('the folder to write to is needed');
  for (const file of synthesize(dir)) console.log(file);
}
