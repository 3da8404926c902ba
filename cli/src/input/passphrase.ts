import type { Invocation, Options } from '../framework/command.ts';
import { readSecretFile, text } from '../framework/values.ts';

export const PASSPHRASE_OPTION = {
  'passphrase-file': { type: 'file', summary: 'the twelve words; left out, they are asked for' },
} as const satisfies Options;

/** The words from `--passphrase-file`, or typed at a prompt that does not show them. @throws UsageError */
export async function readPassphrase({ values, askSecret }: Invocation): Promise<string> {
  const file = text(values, 'passphrase-file');
  return file === undefined
    ? await askSecret('The twelve words:', '--passphrase-file')
    : readSecretFile(file);
}
