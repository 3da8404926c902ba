// Connections to a PostgreSQL server that has a certificate for `localhost` and 127.0.0.1, and listens on other addresses too.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../parent-proxy/src/config.ts';
import { openStore } from '../../../parent-proxy/src/store/open-store.ts';
import { type PostgresServer, startPostgres } from '../../../parent-proxy/test/store/postgres-server.ts';
import { openTlsAuthority } from '../../src/kms/tls-authority.ts';

let directory: string;
let server: PostgresServer;
let urls: { readonly primary: string; readonly vault: string };
const file = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'strongroom-tls-'));
  const { caPem, local } = openTlsAuthority(directory);
  writeFileSync(file('ca.pem'), caPem);
  writeFileSync(file('other-ca.pem'), openTlsAuthority(mkdtempSync(file('other-'))).caPem);
  server = await startPostgres({ tls: local, flags: ['-c', 'listen_addresses=*'] });
  urls = { primary: await server.createDatabase('primary'), vault: await server.createDatabase('vault') };
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** Opens the store as a proxy in production does, by its environment; the addresses come from files. */
async function open(changes: NodeJS.ProcessEnv, host = '127.0.0.1'): Promise<string> {
  writeFileSync(file('primary-url'), `${urls.primary.replace('127.0.0.1', host)}\n`);
  writeFileSync(file('vault-url'), urls.vault.replace('127.0.0.1', host));
  const { store } = readConfig({
    STRONGROOM_PRIMARY_DATABASE_URL_FILE: file('primary-url'),
    STRONGROOM_VAULT_DATABASE_URL_FILE: file('vault-url'),
    STRONGROOM_DATABASE_TLS: 'verify-full',
    STRONGROOM_DATABASE_CA_FILE: file('ca.pem'),
    ...changes,
  });
  return await openStore(store).then(
    async (opened) => {
      await opened.assertReadable();
      await opened.close();
      return 'opened';
    },
    (error: Error) => error.message,
  );
}

describe('a connection to PostgreSQL', () => {
  it('is encrypted to a server whose certificate is its own and of the named authority', async () => {
    expect(await open({})).toBe('opened');
    expect(await open({}, 'localhost')).toBe('opened');
  });

  it('is refused when the certificate is of another authority', async () => {
    expect(await open({ STRONGROOM_DATABASE_CA_FILE: file('other-ca.pem') })).toBe('STORE_TLS_REFUSED');
    expect(await open({ STRONGROOM_DATABASE_CA_FILE: '' })).toBe('STORE_TLS_REFUSED');
  });

  it('is refused when the certificate is of another host', async () => {
    expect(await open({}, '127.0.0.2')).toBe('STORE_TLS_REFUSED');
  });

  it('is in plaintext when the operator says so', async () => {
    expect(await open({ STRONGROOM_DATABASE_TLS: 'plaintext' }, '127.0.0.2')).toBe('opened');
  });

  it('is refused by the server for a wrong password, and nothing tells the password', async () => {
    const right = urls;
    urls = { ...urls, vault: urls.vault.replace(':test@', ':needle@') };
    expect(await open({})).toBe('STORE_ACCESS_REFUSED');
    urls = right;
  });

  it('never falls back to plaintext when the server has no TLS', async () => {
    const received: Buffer[] = [];
    const plain = createServer((socket) => {
      // Answers the request for TLS with no (PostgreSQL, section 54.2.10), and keeps what comes then.
      socket.once('data', () => {
        socket.on('data', (data) => received.push(data));
        socket.write('N');
      });
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const address = `postgres://u:needle@127.0.0.1:${(plain.address() as AddressInfo).port}/a`;
    urls = { primary: address, vault: address };
    expect(await open({})).toBe('STORE_TLS_REFUSED');
    expect(received).toEqual([]);
    plain.close();
  });
});
