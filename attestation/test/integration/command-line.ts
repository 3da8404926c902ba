import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runCommand } from '../../cli/run-command.ts';
import { encodeHex } from '../../src/bytes.ts';

export const repository = new URL('../../../', import.meta.url).pathname;

/** A directory for the files of one test file, and a writer of such files. */
export function scratch(prefix: string): {
  readonly directory: string;
  file(name: string, content: Uint8Array | string): string;
} {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  return {
    directory,
    file(name, content) {
      const path = join(directory, name);
      writeFileSync(path, content);
      return path;
    },
  };
}

export const pins = ([pcr0, pcr1, pcr2]: readonly Uint8Array[]): readonly string[] =>
  [pcr0, pcr1, pcr2].flatMap((value, index) => [`--pcr${index}`, encodeHex(value as Uint8Array)]);
export const at = (ms: number): readonly string[] => ['--at', new Date(ms).toISOString()];

/** Runs a command line and says how it ended and with which code. */
export async function verdict(args: readonly string[]): Promise<readonly [exitCode: number, code: unknown]> {
  const { exitCode, json } = await runCommand(args);
  const { accepted, code } = json as { accepted: boolean; code: string };
  expect(accepted).toBe(exitCode === 0);
  return [exitCode, code];
}
