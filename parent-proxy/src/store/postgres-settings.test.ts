import { describe, expect, it } from 'vitest';
import { Secret } from '../secrets.ts';
import { postgresTarget } from './postgres-settings.ts';

const target = (url: string, tls: 'verify-full' | 'plaintext' | null = null, caPem: string | null = null) =>
  postgresTarget(new Secret(url), { tls, caPem });
const ENCRYPTED = { rejectUnauthorized: true, minVersion: 'TLSv1.2' };

describe('postgresTarget', () => {
  it.each([
    ['another host', 'postgres://u:p@db.example/a'],
    ['another host by address', 'postgresql://u:p@10.0.0.5:5433/a'],
    ['another host as a parameter', 'postgres://u:p@localhost/a?host=db.example'],
    ['the last of two hosts', 'postgres://u:p@localhost/a?host=%2Fvar%2Frun&host=db.example'],
    ['the host of the environment', 'postgres:///a'],
    ['a name that only begins like this host', 'postgres://u:p@localhost.example/a'],
    ['a name that looks like a loopback address', 'postgres://u:p@127.example/a'],
  ])('encrypts the connection to %s', (_what, url) => {
    expect(target(url)).toMatchObject({ ssl: ENCRYPTED });
    expect(target(url, 'plaintext')).toMatchObject({ ssl: false });
  });

  it.each(['localhost', '127.0.0.1', '127.1.2.3', '[::1]', '%2Fvar%2Frun%2Fpostgresql'])(
    'leaves the connection to %s as it is unless it is told to encrypt',
    (host) => {
      expect(target(`postgres://u:p@${host}/a`)).toMatchObject({ ssl: false });
      expect(target(`postgres://u:p@${host}/a`, 'verify-full')).toMatchObject({ ssl: ENCRYPTED });
    },
  );

  it('takes sslmode=verify-full for what it says, and nothing less', () => {
    expect(target('postgres://u:p@localhost/a?sslmode=verify-full', null, 'PEM')).toEqual({
      url: 'postgres://u:p@localhost/a',
      ssl: { ...ENCRYPTED, ca: 'PEM' },
    });
    for (const mode of ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'no-verify'])
      expect(target(`postgres://u:p@db.example/a?sslmode=${mode}`)).toBe('weak-tls');
    expect(target('postgres://u:p@db.example/a?sslmode=verify-full', 'plaintext')).toBe('weak-tls');
  });

  it.each(['ssl=false', 'options=-c%20synchronous_commit%3Doff', 'sslrootcert=a', 'port=1'])(
    'refuses the parameter %s',
    (parameter) => expect(target(`postgres://u:p@localhost/a?${parameter}`)).toBe('unknown-parameter'),
  );

  it.each(['', 'mysql://u:p@localhost/a', 'localhost', 'https://db.example'])('refuses %j', (url) =>
    expect(target(url)).toBe('not-postgres'),
  );
});
