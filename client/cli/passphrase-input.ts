import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text, type Values } from './options.ts';
import { UsageError } from './usage-error.ts';

/** The words from `--passphrase-file`, or typed at a prompt that does not show them. @throws UsageError */
export async function readPassphrase(values: Values): Promise<string> {
  const file = text(values, 'passphrase-file');
  if (file !== undefined) return readFileSync(file, 'utf8');
  if (!process.stdin.isTTY)
    throw new UsageError('Type the passphrase at a terminal, or name a file with --passphrase-file.');
  process.stderr.write('The twelve words: ');
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await prompt.question('');
  } finally {
    prompt.close();
    process.stderr.write('\n');
  }
}
