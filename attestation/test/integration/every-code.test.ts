import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EIF_REASONS } from '../../eif/eif-error.ts';
import { REASONS } from '../../src/attestation-error.ts';

const repository = new URL('../../../', import.meta.url);
const vectors = new URL('vectors/attestation/', repository);

/** Everything in which a code is stated as expected: indexes of vectors, and the test files of those who use the library. */
function expectations(): string {
  const indexes = ['CODES.json', 'rules/INDEX.json', 'service/INDEX.json', 'certificates/INDEX.json'];
  const tests = ['attestation', 'client', 'local-twin/test'].flatMap((folder) =>
    (readdirSync(new URL(folder, repository), { recursive: true }) as string[])
      .filter((name) => /\.(test|long)\.ts$/.test(name) && !/node_modules|every-code/.test(name))
      .map((name) => new URL(`${folder}/${name}`, repository)),
  );
  return [...indexes.map((name) => new URL(name, vectors)), ...tests]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

describe('every code', () => {
  const text = expectations();
  const isExpected = (code: string): boolean =>
    new RegExp(`['"]${code}['"]|^\\s*${code}: \\[`, 'm').test(text);

  it('of the library is one that a failing vector or test demands', () => {
    expect(Object.keys(REASONS).filter((code) => !isExpected(code))).toEqual([]);
  });

  it('of the image reader is one that a failing image or test demands', () => {
    expect(Object.keys(EIF_REASONS).filter((code) => !isExpected(code))).toEqual([]);
  });
});
