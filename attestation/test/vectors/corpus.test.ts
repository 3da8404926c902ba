import { describe, expect, it } from 'vitest';
import { verifyAttestation } from '../../src/verify-attestation.ts';
import { verifyAttestationWithCustomRoot } from '../../src/verify-attestation-with-custom-root.ts';
import { verifyDebugAttestation } from '../../src/verify-debug-attestation.ts';
import { codeOf } from '../code-of.ts';
import { type CorpusCase, devRootCases, mutantCases, realCases, ruleCases } from '../corpus.ts';

const verify = ({ document, policy, root }: CorpusCase): Promise<unknown> =>
  root === null
    ? verifyAttestation(document, policy)
    : verifyAttestationWithCustomRoot(document, policy, root);

const verdictOf = (entry: CorpusCase): Promise<string> => codeOf(() => verify(entry));
const stated = ({ expected }: CorpusCase): string =>
  expected === 'accept' ? 'accepted' : expected === 'debug' ? 'DEBUG_DOCUMENT' : expected;

const groups = {
  'recorded from hardware': await realCases(),
  'variants of one recorded document': await mutantCases(),
  'synthetic, by others': await devRootCases(),
  'synthetic, one per rule': await ruleCases(),
};

for (const [title, cases] of Object.entries(groups)) {
  describe(title, () => {
    for (const entry of cases) {
      it(`${entry.name}: ${entry.reason} -> ${entry.expected}`, async () => {
        expect(await verdictOf(entry)).toBe(stated(entry));
      });
    }
  });
}

describe('debug documents', () => {
  for (const { name, document, policy, expected } of groups['recorded from hardware']) {
    const { images: _, ...context } = policy;
    const verdict =
      expected === 'debug' ? 'accepted' : expected === 'accept' ? 'NOT_DEBUG_DOCUMENT' : expected;
    it(`${name}: the debug entry says ${verdict}`, async () => {
      expect(await codeOf(() => verifyDebugAttestation(document, context))).toBe(verdict);
    });
  }
});

describe('the corpus', () => {
  it('has documents of every kind', () => {
    const kinds = (kind: string) =>
      groups['recorded from hardware'].filter(({ expected }) => expected === kind).length;
    expect([kinds('accept'), kinds('debug')]).toEqual([29, 16]);
  });
});
