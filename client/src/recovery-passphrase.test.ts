import { argon2Sync, createPublicKey, randomBytes, verify } from 'node:crypto';
import { MIN_STRETCHING } from '@strongroom/shared/recovery/stretching';
import { encodeCbor } from '@strongroom/shared/wire/cbor';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { encodePortableCbor } from './portable-cbor.ts';
import { openRecoveryKey } from './recovery-key.ts';
import { makePassphrase, parsePassphrase, stretchPassphrase } from './recovery-passphrase.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const projectId = new Uint8Array(32).fill(7);

describe('a passphrase', () => {
  it('is twelve words, another each time, that are taken however they are typed', () => {
    const [one, other] = [makePassphrase(), makePassphrase()];
    expect(one).not.toBe(other);
    expect(one.split(' ')).toHaveLength(12);
    expect(parsePassphrase(`  ${one.toUpperCase().replaceAll(' ', ' \n')}\t`)).toBe(one);
  });

  it('is refused with a wrong, missing, misplaced or further word', () => {
    const wrong = [
      '',
      WORDS.replace('year', 'yeti'),
      WORDS.replace('yellow', 'zebra'),
      WORDS.slice(0, WORDS.lastIndexOf(' ')),
      `${WORDS} legal`,
      WORDS.split(' ').reverse().join(' '),
    ];
    for (const typed of wrong) expect(() => parsePassphrase(typed)).toThrow(code('PASSPHRASE_INVALID'));
  });
});

describe('stretching', () => {
  it('is the Argon2id of OpenSSL', async () => {
    const { memoryKiB: memory, passes, parallelism } = MIN_STRETCHING;
    const expected = argon2Sync('argon2id', {
      message: Buffer.from(WORDS),
      nonce: projectId,
      parallelism,
      tagLength: 32,
      memory,
      passes,
    });
    const seed = await stretchPassphrase(WORDS, projectId, MIN_STRETCHING);
    expect(Buffer.from(seed).toString('hex')).toBe(expected.toString('hex'));
  }, 60_000);

  it('is refused below the least and above the most', async () => {
    const wrong = [
      { memoryKiB: 65_535 },
      { passes: 2 },
      { parallelism: 0 },
      { memoryKiB: 2_097_153 },
      { passes: Number.NaN },
    ];
    for (const change of wrong) {
      await expect(stretchPassphrase(WORDS, projectId, { ...MIN_STRETCHING, ...change })).rejects.toThrow(
        code('STRETCHING_REFUSED'),
      );
    }
  });
});

describe('a recovery key', () => {
  it('signs Ed25519, and forgets its seed', async () => {
    const seed = Uint8Array.from(randomBytes(32));
    const key = await openRecoveryKey(seed);
    expect(seed.every((byte) => byte === 0)).toBe(true);
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.publicKey]);
    const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const message = Uint8Array.of(1, 2, 3);
    expect(verify(null, message, publicKey, await key.sign(message))).toBe(true);
  });
});

describe('the encoding of a recovery', () => {
  it("is the protocol's", () => {
    const value = {
      type: 'strongroom/recovery/v1',
      bb: ['Signature1', null, new Uint8Array(23), new Uint8Array(24), new Uint8Array(300)],
      a: {},
      z: 'ü'.repeat(200),
      ab: [],
    };
    expect(Buffer.from(encodePortableCbor(value))).toEqual(Buffer.from(encodeCbor(value)));
  });
});

describe('in browsers', () => {
  it('nothing of the words needs a module of Node', async () => {
    const { outputFiles } = await build({
      entryPoints: [new URL('./recovery-message.ts', import.meta.url).pathname],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      conditions: ['source'],
      logLevel: 'silent',
    });
    const [bundle] = outputFiles;
    expect(bundle?.text).toContain('strongroom/recovery/v1');
    expect(bundle?.text).not.toMatch(/from\s*["']node:|\bBuffer\b/);
  });
});
