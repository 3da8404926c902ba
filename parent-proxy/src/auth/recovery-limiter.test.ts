import { describe, expect, it } from 'vitest';
import { createRecoveryLimiter } from './recovery-limiter.ts';

const refusal = (seconds: string) =>
  expect.objectContaining({ code: 'RATE_LIMITED', headers: { 'retry-after': seconds } });

describe('the limit of requests about recovery', () => {
  it('is of each address and of each project, in a minute', () => {
    let now = 60_000 * 10;
    const limiter = createRecoveryLimiter(2, () => now);
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      limiter.admitAddress(address);
      limiter.admitAddress(address);
      expect(() => limiter.admitAddress(address)).toThrow(refusal('60'));
    }
    limiter.admitProject('a');
    limiter.admitProject('a');
    now += 59_500;
    expect(() => limiter.admitProject('a')).toThrow(refusal('1'));
    limiter.admitProject('b');
    now += 500;
    limiter.admitProject('a');
    limiter.admitAddress('192.0.2.1');
  });

  it.each([
    ['2001:db8::1', '2001:db8:0:0:ffff::9'],
    ['2001:db8:1:2::', '2001:0db8:0001:0002:aaaa:bbbb:cccc:dddd'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::2%eth1'],
  ])('counts %s and %s together', (first, second) => {
    const limiter = createRecoveryLimiter(1, () => 0);
    limiter.admitAddress(first);
    expect(() => limiter.admitAddress(second)).toThrow(refusal('60'));
  });

  it('takes other networks and unknown addresses by themselves', () => {
    const limiter = createRecoveryLimiter(1, () => 0);
    for (const address of ['2001:db8::1', '2001:db8:0:1::1', '::1', '192.0.2.1', undefined])
      limiter.admitAddress(address);
    expect(() => limiter.admitAddress(undefined)).toThrow(refusal('60'));
  });

  it('takes no more when a minute has seen too many', () => {
    const limiter = createRecoveryLimiter(5, () => 0);
    for (let index = 0; index < 100_000; index += 1) limiter.admitProject(String(index));
    expect(() => limiter.admitProject('another')).toThrow(refusal('60'));
    limiter.admitProject('7');
  });
});
