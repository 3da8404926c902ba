import { describe, expect, it } from 'vitest';
import { type ImagePcrs, reconstructKeyPolicy, renderKeyPolicy } from './key-policy.ts';

const own: ImagePcrs = { pcr0: 'a0'.repeat(48), pcr1: 'a1'.repeat(48), pcr2: 'a2'.repeat(48) };
const next: ImagePcrs = { pcr0: 'b0'.repeat(48), pcr1: 'b1'.repeat(48), pcr2: 'b2'.repeat(48) };
const names = {
  instanceRole: 'arn:aws:iam::111122223333:role/parent',
  administrator: 'arn:aws:iam::444455556666:user/admin',
};
const expected = { ...names, own };
const rendered = (images: readonly ImagePcrs[], state: 'genesis' | 'operational' = 'operational') =>
  renderKeyPolicy({ ...names, images, state });
const reconstruct = (policy: unknown) => reconstructKeyPolicy(JSON.stringify(policy), expected);

describe('key policy', () => {
  it('is reconstructed from what it admits, in both states', () => {
    expect(reconstruct(rendered([own]))).toMatchObject({ images: [own], state: 'operational' });
    expect(reconstruct(rendered([own, next], 'genesis'))).toMatchObject({
      images: [own, next],
      state: 'genesis',
    });
  });

  it('is the same in another order of keys, with white space, and with single strings for lists of one', () => {
    const policy = rendered([own]);
    const shuffled = {
      Statement: policy.Statement.map((s) => ({ Condition: s.Condition, ...s })),
      Id: policy.Id,
      Version: policy.Version,
    };
    const single = {
      ...policy,
      Statement: policy.Statement.map((s) => (s.Action.length === 1 ? { ...s, Action: s.Action[0] } : s)),
    };
    const digest = reconstruct(policy)?.digest;
    for (const variant of [JSON.stringify(shuffled, null, 2), JSON.stringify(single)]) {
      expect(reconstructKeyPolicy(variant, expected)?.digest).toEqual(digest);
    }
  });

  it('gives Decrypt to attested images only, and GenerateDataKey in state genesis only', () => {
    const allowed = (state: 'genesis' | 'operational') =>
      rendered([own], state)
        .Statement.filter((s) => s.Effect === 'Allow')
        .flatMap((s) => s.Action.map((action) => ({ action, isAttested: s.Condition !== undefined })));
    const uses = (state: 'genesis' | 'operational') =>
      allowed(state).filter(({ action }) => /Decrypt|DataKey|Encrypt/.test(action));
    expect(uses('operational')).toEqual([{ action: 'kms:Decrypt', isAttested: true }]);
    expect(uses('genesis')).toEqual([
      { action: 'kms:Decrypt', isAttested: true },
      { action: 'kms:GenerateDataKey', isAttested: true },
    ]);
  });

  it.each<[string, unknown]>([
    ['of another image only', rendered([next])],
    ['that admits nothing', rendered([])],
    [
      'of another administrator',
      renderKeyPolicy({
        ...names,
        administrator: 'arn:aws:iam::1:user/eve',
        images: [own],
        state: 'operational',
      }),
    ],
    [
      'of another role',
      renderKeyPolicy({
        ...names,
        instanceRole: 'arn:aws:iam::1:role/eve',
        images: [own],
        state: 'operational',
      }),
    ],
    ['with zero measurements', rendered([own, { ...next, pcr1: '0'.repeat(96) }])],
    ['in upper case', rendered([{ ...own, pcr0: own.pcr0.toUpperCase() }])],
    ['with a field more', { ...rendered([own]), Extra: true }],
    ['without a statement', { ...rendered([own]), Statement: rendered([own]).Statement.slice(1) }],
    [
      'with a statement twice',
      { ...rendered([own]), Statement: [...rendered([own]).Statement, rendered([own]).Statement[0]] },
    ],
    ['that is no policy', ['AttestedImage1']],
    ['that is null', null],
  ])('%s is refused', (_name, policy) => {
    expect(reconstruct(policy)).toBeNull();
  });

  it('that is not JSON, or nested without end, is refused', () => {
    expect(reconstructKeyPolicy('{', expected)).toBeNull();
    expect(reconstructKeyPolicy(`${'['.repeat(5000)}${']'.repeat(5000)}`, expected)).toBeNull();
  });
});
