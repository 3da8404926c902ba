import { describe, expect, it } from 'vitest';
import { ConfigurationError, locateKey, parseConfiguration } from './config.ts';

const arn = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000001';
const valid = {
  version: 1,
  securityEpoch: 3,
  kms: {
    keys: [{ arn, relayPort: 8000 }],
    instanceRole: 'arn:aws:iam::111122223333:role/parent',
    administrator: 'arn:aws:iam::444455556666:role/admin',
  },
  vsock: { listenPort: 5000, parentCid: 3 },
  limits: { replayTableEntries: 1_000_000, replayTableEntriesPerProject: 500_000, recordMarks: 1_000_000 },
};
const parse = (value: unknown) => parseConfiguration(Buffer.from(JSON.stringify(value)));

describe('measured configuration', () => {
  it('is read with the digest of its very bytes', () => {
    const configuration = parse(valid);
    expect(configuration.kms.keys[0]?.arn).toBe(arn);
    expect(configuration.digest).toHaveLength(32);
    expect(parseConfiguration(Buffer.from(JSON.stringify(valid, null, 1))).digest).not.toEqual(
      configuration.digest,
    );
  });

  it.each<[string, unknown]>([
    ['an unknown field', { ...valid, debug: true }],
    ['an endpoint', { ...valid, kms: { ...valid.kms, endpoint: 'https://evil.example' } }],
    [
      'an alias instead of a key',
      { ...valid, kms: { ...valid.kms, keys: [{ arn: 'alias/x', relayPort: 1 }] } },
    ],
    ['no key', { ...valid, kms: { ...valid.kms, keys: [] } }],
    ['a key twice', { ...valid, kms: { ...valid.kms, keys: [valid.kms.keys[0], valid.kms.keys[0]] } }],
    [
      'a whole account as administrator',
      { ...valid, kms: { ...valid.kms, administrator: 'arn:aws:iam::444455556666:root' } },
    ],
    ['everybody as role', { ...valid, kms: { ...valid.kms, instanceRole: '*' } }],
    ['epoch zero', { ...valid, securityEpoch: 0 }],
    ['another version', { ...valid, version: 2 }],
  ])('with %s is refused', (_name, value) => {
    expect(() => parse(value)).toThrow(ConfigurationError);
  });

  it('that is not UTF-8 JSON is refused', () => {
    expect(() => parseConfiguration(Buffer.from('7bff7d', 'hex'))).toThrow(ConfigurationError);
  });

  it('decides the endpoint by the key', () => {
    expect(locateKey(arn)).toMatchObject({
      region: 'eu-west-1',
      accountId: '111122223333',
      host: 'kms.eu-west-1.amazonaws.com',
    });
    expect(
      locateKey(arn.replace('arn:aws:', 'arn:aws-us-gov:').replace('eu-west-1', 'us-gov-west-1')).host,
    ).toBe('kms.us-gov-west-1.amazonaws.com');
    expect(locateKey(arn.replace('arn:aws:', 'arn:aws-cn:').replace('eu-west-1', 'cn-north-1')).host).toBe(
      'kms.cn-north-1.amazonaws.com.cn',
    );
  });
});
