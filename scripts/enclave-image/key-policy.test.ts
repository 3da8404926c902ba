import { describe, expect, it } from 'vitest';
import { reconstructKeyPolicy } from '../../enclave-app/src/kms/key-policy.ts';
import { twinConfiguration } from '../../local-twin/src/system/twin-configuration.ts';
import { keyPolicy } from './key-policy.ts';
import { ToolError } from './tool.ts';

const configuration = twinConfiguration();
const { kms } = JSON.parse(Buffer.from(configuration).toString()) as {
  kms: { instanceRole: string; administrator: string };
};

function pcrs(digit: string) {
  return { pcr0: digit.repeat(96), pcr1: digit.repeat(96), pcr2: digit.repeat(96) };
}

describe('keyPolicy', () => {
  it.each(['genesis', 'operational'] as const)(
    'is the policy that the enclave reconstructs (%s)',
    (state) => {
      const policy = keyPolicy({
        configuration,
        pcrs: [JSON.stringify(pcrs('a')), JSON.stringify(pcrs('b'))],
        state,
      });
      const reconstructed = reconstructKeyPolicy(JSON.stringify(policy), {
        instanceRole: kms.instanceRole,
        administrator: kms.administrator,
        own: pcrs('a'),
      });
      expect(reconstructed?.images).toEqual([pcrs('a'), pcrs('b')]);
    },
  );

  it('refuses measurements of a debug enclave, and files of another shape', () => {
    const zero = { ...pcrs('a'), pcr2: '0'.repeat(96) };
    for (const file of [
      zero,
      { pcr0: 'a'.repeat(96) },
      { ...pcrs('a'), pcr8: 'a'.repeat(96) },
      { ...pcrs('a'), pcr1: 'ab' },
    ]) {
      expect(() => keyPolicy({ configuration, pcrs: [JSON.stringify(file)], state: 'operational' })).toThrow(
        ToolError,
      );
    }
  });
});
