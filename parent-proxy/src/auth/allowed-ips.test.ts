import { describe, expect, it } from 'vitest';
import { isAllowedIp } from './allowed-ips.ts';

describe('isAllowedIp', () => {
  it.each([
    [[], '192.0.2.1'],
    [[], undefined],
    [['192.0.2.1'], '192.0.2.1'],
    [['192.0.2.1'], '::ffff:192.0.2.1'],
    [['198.51.100.9', '10.0.0.0/8'], '10.255.0.1'],
    [['2001:db8::/32'], '2001:db8:1::1'],
    [['2001:db8::1'], '2001:db8:0:0::1'],
    [['0.0.0.0/0'], '203.0.113.5'],
  ])('%j allows %s', (allowed, address) => expect(isAllowedIp(allowed, address)).toBe(true));

  it.each([
    [['192.0.2.1'], '192.0.2.2'],
    [['192.0.2.1'], undefined],
    [['192.0.2.1'], 'localhost'],
    [['10.0.0.0/8'], '11.0.0.1'],
    [['0.0.0.0/0'], '2001:db8::1'],
    [['10.0.0.0/33'], '10.0.0.1'],
    [['10.0.0.0/x'], '10.0.0.1'],
    [['10.0.0.0/'], '10.0.0.0'],
    [['10.0.0.0/8/8'], '10.0.0.1'],
    [['nonsense'], '10.0.0.1'],
    [[''], '10.0.0.1'],
  ])('%j refuses %s', (allowed, address) => expect(isAllowedIp(allowed, address)).toBe(false));
});
