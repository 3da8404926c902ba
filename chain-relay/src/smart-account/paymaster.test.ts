import { describe, expect, it } from 'vitest';
import { assertAllowedPaymaster } from './paymaster.ts';

const HOSTS = ['pay.example', 'pay.example:8443', '127.0.0.1:4000'];
const refused = expect.objectContaining({ code: 'PAYMASTER_REFUSED' });

describe('the URL of a paymaster', () => {
  it.each([
    'https://pay.example/rpc/key',
    'https://PAY.example:443/',
    'https://pay.example:8443/?a',
    'http://127.0.0.1:4000/',
  ])('%s is allowed', (url) => {
    expect(() => assertAllowedPaymaster(url, HOSTS)).not.toThrow();
  });

  it.each([
    'http://pay.example/',
    'https://pay.example:8444/',
    'https://pay.example.evil.example/',
    'https://evil.example/pay.example',
    'https://pay.example@evil.example/',
    'https://user:secret@pay.example/',
    'https://evil.example#pay.example',
    'https://pay.example./',
    'http://127.0.0.1/',
    'http://127.0.0.1:4001/',
    'http://169.254.169.254/latest/meta-data/',
    'file:///etc/passwd',
    'ftp://pay.example/',
    'pay.example',
    '',
  ])('%s is refused', (url) => {
    expect(() => assertAllowedPaymaster(url, HOSTS)).toThrow(refused);
  });

  it('is refused when the operator allows none', () => {
    expect(() => assertAllowedPaymaster('https://pay.example/', [])).toThrow(refused);
  });
});
