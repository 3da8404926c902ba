import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { measureSource } from './measure-source.ts';

let root: string;
const write = (path: string, content: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};
/** Which of PCR0, PCR1, PCR2 a change moves. */
function movedBy(change: () => unknown): number[] {
  const before = Object.values(measureSource(root, Uint8Array.of(1)));
  const changed = change();
  const configuration = changed instanceof Uint8Array ? changed : Uint8Array.of(1);
  const after = Object.values(measureSource(root, configuration));
  return [0, 1, 2].filter((index) => Buffer.compare(before[index]!, after[index]!) !== 0);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'measure-'));
  write('package-lock.json', '{}');
  write('shared/src/wire/frame.ts', 'frame');
  write('enclave-app/src/main.ts', 'main');
});
afterEach(() => rmSync(root, { recursive: true }));

it('is 48 bytes each, deterministic, and three different values', () => {
  const first = measureSource(root, Uint8Array.of(1));
  expect(first).toEqual(measureSource(root, Uint8Array.of(1)));
  expect(new Set(Object.values(first).map((pcr) => Buffer.from(pcr).toString('hex'))).size).toBe(3);
  for (const pcr of Object.values(first)) expect(pcr).toHaveLength(48);
});

const changes: readonly [string, () => unknown, number[]][] = [
  ['code of the enclave', () => write('enclave-app/src/main.ts', 'main2'), [0, 2]],
  ['shared code', () => write('shared/src/wire/frame.ts', ''), [0, 2]],
  ['a new file', () => write('enclave-app/src/nsm/device.ts', ''), [0, 2]],
  [
    'a file renamed',
    () => renameSync(join(root, 'shared/src/wire/frame.ts'), join(root, 'shared/src/wire/frames.ts')),
    [0, 2],
  ],
  [
    'a byte moved from the end of one file to the start of another',
    () => {
      write('enclave-app/src/main.ts', 'mai');
      write('shared/src/wire/frame.ts', 'nframe');
    },
    [0, 2],
  ],
  ['the configuration', () => Uint8Array.of(2), [0, 2]],
  ['a dependency', () => write('package-lock.json', '{"a":1}'), [0, 1]],
  ['a test', () => write('enclave-app/src/main.test.ts', 'test'), []],
  ['a hidden file', () => write('enclave-app/src/.swp', ''), []],
  ['code of the parent', () => write('parent-proxy/src/main.ts', ''), []],
];
it.each(changes)('%s moves PCRs', (_, change, pcrs) => {
  expect(movedBy(change)).toEqual(pcrs);
});
