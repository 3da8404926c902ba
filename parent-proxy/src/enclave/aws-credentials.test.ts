import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsCredentials } from './aws-credentials.ts';

const dir = mkdtempSync(join(tmpdir(), 'strongroom-credentials-'));

beforeEach(() => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(dir, 'absent'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(join(dir, 'config'), { force: true });
});

describe('awsCredentials', () => {
  it('reads the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    expect(await awsCredentials().read()).toEqual({
      accessKeyId: 'AKIA',
      secretAccessKey: 'secret',
      sessionToken: 'token',
      expiresAtMs: Number.MAX_SAFE_INTEGER,
    });
  });

  it('reads the profile, asks again when credentials expire, and tells when that is', async () => {
    let calls = 0;
    const program = join(dir, 'vend.sh');
    const vend = (expiresInMs: number) => {
      calls++;
      const answer = {
        Version: 1,
        AccessKeyId: `AKIA${calls}`,
        SecretAccessKey: 's',
        SessionToken: 't',
        Expiration: new Date(Date.now() + expiresInMs),
      };
      writeFileSync(program, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`, { mode: 0o755 });
    };
    writeFileSync(join(dir, 'config'), `[profile enclave]\ncredential_process = ${program}\n`);
    vi.stubEnv('AWS_PROFILE', 'enclave');
    const source = awsCredentials();
    vend(60_000);
    const first = await source.read();
    expect(first).toMatchObject({ accessKeyId: 'AKIA1', sessionToken: 't' });
    expect(first.expiresAtMs).toBeGreaterThan(Date.now());
    vend(3_600_000);
    // The old ones are good for a minute yet: the provider hands them out while it fetches the next.
    await vi.waitFor(async () => expect(await source.read()).toMatchObject({ accessKeyId: 'AKIA2' }));
  });

  it('says that there are none', async () => {
    await expect(awsCredentials().read()).rejects.toThrow(/credentials/i);
  });
});
