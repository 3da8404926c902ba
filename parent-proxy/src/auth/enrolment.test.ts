import { describe, expect, it } from 'vitest';
import { Secret } from '../secrets.ts';
import { createAdmitEnrolment } from './enrolment.ts';

const refused = expect.objectContaining({ name: 'RequestError', code: 'BEARER_REFUSED' });

describe('createAdmitEnrolment', () => {
  it('admits the holder of any of the tokens', () => {
    const admit = createAdmitEnrolment([new Secret('token-one'), new Secret('token-two')]);
    admit('Bearer token-one');
    admit('Bearer token-two');
    for (const header of ['Bearer token-three', 'Bearer ', 'token-one', 'Basic token-one', undefined]) {
      expect(() => admit(header)).toThrow(refused);
    }
  });

  it('admits nobody when there are no tokens', () => {
    const admit = createAdmitEnrolment([]);
    for (const header of ['Bearer ', 'Bearer x', undefined]) expect(() => admit(header)).toThrow(refused);
  });
});
