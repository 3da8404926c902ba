import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const TOKEN = 'enrolment-token-of-the-operator-0001';
const ENVIRONMENT = { STRONGROOM_DATA_DIR: '/var/lib/strongroom' };
const POSTGRES = {
  STRONGROOM_DATA_DIR: '',
  STRONGROOM_PRIMARY_DATABASE_URL: 'postgres://u:needle@a/b',
  STRONGROOM_VAULT_DATABASE_URL: 'postgres://u:needle@c/d',
};

describe('readConfig', () => {
  it('has defaults for everything but the store', () => {
    const config = readConfig(ENVIRONMENT);
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      authorities: null,
      enrolmentTokens: [],
      store: { engine: 'sqlite', directory: '/var/lib/strongroom' },
      enclave: { cid: 16, port: 5000 },
      outboxRetentionMs: 90 * 24 * 60 * 60_000,
      logLevel: 'info',
    });
    expect(config.metrics).toBeNull();
  });

  it('reads the hosts of paymasters', () => {
    const hosts = 'api.developer.coinbase.com, 127.0.0.1:4000';
    const { relay } = readConfig({ ...ENVIRONMENT, STRONGROOM_PAYMASTER_HOSTS: hosts });
    expect(relay.paymasterHosts).toEqual(['api.developer.coinbase.com', '127.0.0.1:4000']);
    for (const bad of ['https://a.example', 'a.example/rpc', 'A.example', '*', 'a.example,'])
      expect(() => readConfig({ ...ENVIRONMENT, STRONGROOM_PAYMASTER_HOSTS: bad })).toThrow(ConfigError);
  });

  it('reads lists and databases', () => {
    const config = readConfig({
      ...ENVIRONMENT,
      ...POSTGRES,
      STRONGROOM_AUTHORITIES: 'wallet.example, wallet.example:8443',
      STRONGROOM_ENROLMENT_TOKENS: `${TOKEN},${TOKEN}2`,
    });
    expect(config.authorities).toEqual(['wallet.example', 'wallet.example:8443']);
    expect(config.enrolmentTokens.map((token) => token.reveal())).toEqual([TOKEN, `${TOKEN}2`]);
    expect(config.store.engine).toBe('postgres');
    const metrics = { STRONGROOM_METRICS_PORT: '9464' };
    expect(readConfig({ ...ENVIRONMENT, ...metrics }).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
  });

  it('shows no secret of itself', () => {
    const config = readConfig({
      ...ENVIRONMENT,
      ...POSTGRES,
      STRONGROOM_ENROLMENT_TOKENS: `needle-${TOKEN}`,
    });
    expect(JSON.stringify(config)).not.toContain('needle');
    expect(inspect(config, { depth: 10, showHidden: true })).not.toContain('needle');
  });

  it.each([
    ['no store', { STRONGROOM_DATA_DIR: '' }],
    ['both stores', { ...POSTGRES, STRONGROOM_DATA_DIR: '/data' }],
    ['half a store', { ...POSTGRES, STRONGROOM_VAULT_DATABASE_URL: '' }],
    [
      'a database without TLS',
      { ...POSTGRES, STRONGROOM_VAULT_DATABASE_URL: 'postgres://u:needle@c/d?ssl=0' },
    ],
    ['a database by another protocol', { ...POSTGRES, STRONGROOM_VAULT_DATABASE_URL: 'needle://c/d' }],
    ['a database twice', { ...POSTGRES, STRONGROOM_VAULT_DATABASE_URL_FILE: '/needle' }],
    ['an authority that is not there', { ...POSTGRES, STRONGROOM_DATABASE_CA_FILE: '/needle' }],
    ['TLS by halves', { ...POSTGRES, STRONGROOM_DATABASE_TLS: 'needle' }],
    ['no connections', { ...POSTGRES, STRONGROOM_DATABASE_CONNECTIONS: '0' }],
    ['a metrics port that is none', { STRONGROOM_METRICS_PORT: '65536' }],
    ['a port that is none', { STRONGROOM_PORT: '65536' }],
    ['a port in letters', { STRONGROOM_PORT: 'http' }],
    ['an authority with a scheme', { STRONGROOM_AUTHORITIES: 'https://wallet.example' }],
    ['an authority in upper case', { STRONGROOM_AUTHORITIES: 'Wallet.example' }],
    ['a short enrolment token', { STRONGROOM_ENROLMENT_TOKENS: 'needle' }],
    ['a retention shorter than idempotency keys live', { STRONGROOM_OUTBOX_RETENTION_DAYS: '1' }],
    ['an unknown log level', { STRONGROOM_LOG_LEVEL: 'needle' }],
  ])('refuses %s without repeating the value', (_what, changes) => {
    const read = () => readConfig({ ...ENVIRONMENT, ...changes });
    expect(read).toThrow(ConfigError);
    expect(read).not.toThrow(/needle|wallet\.example|http$/);
  });
});
