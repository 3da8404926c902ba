import { argon2Sync, createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { MIN_STRETCHING } from '@strongroom/shared/recovery/stretching';
import { decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../../attestation/test/browser/chromium.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
let browser: Browser;
let server: Server;
let page: Page;

/** The modules as a page would bundle them, under one global name. */
async function bundle(): Promise<string> {
  const directory = fileURLToPath(new URL('../../src/', import.meta.url));
  const { outputFiles } = await build({
    stdin: {
      contents: "export * from './recovery-passphrase.ts'; export * from './recovery-message.ts';",
      resolveDir: directory,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'recovery',
    platform: 'browser',
    conditions: ['source'],
  });
  return outputFiles[0]?.text ?? '';
}

beforeAll(async () => {
  // WebCrypto is there for secure origins only, of which the loopback interface is one.
  server = createServer((_incoming, outgoing) => outgoing.end('<!doctype html>')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  browser = await launchChromium();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.addScriptTag({ content: await bundle() });
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

describe('in Chromium', () => {
  it('makes a passphrase, comes to the same key as OpenSSL, and signs a recovery that it can verify', async () => {
    const made = (await page.evaluate(`(async () => {
      const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      const projectId = new Uint8Array(32).fill(7);
      const stretching = ${JSON.stringify(MIN_STRETCHING)};
      const passphrase = recovery.makePassphrase();
      const seed = await recovery.stretchPassphrase(passphrase, projectId, stretching);
      const said = hex(seed);
      const wrong = { projectId, stretching, publicKey: new Uint8Array(32) };
      const refusal = await recovery.recoveryKeyFor(passphrase, wrong).then(() => null, (error) => error.code);
      return { passphrase, seed: said, refusal };
    })()`)) as { passphrase: string; seed: string; refusal: string };
    const { memoryKiB: memory, passes, parallelism } = MIN_STRETCHING;
    const nonce = Buffer.alloc(32, 7);
    const message = Buffer.from(made.passphrase);
    const seed = argon2Sync('argon2id', { message, nonce, parallelism, tagLength: 32, memory, passes });
    expect(made.seed).toBe(hex(seed));
    expect(made.refusal).toBe('PASSPHRASE_WRONG');
    await signAndVerify(made.passphrase, seed);
  });
});

async function signAndVerify(passphrase: string, seed: Uint8Array): Promise<void> {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
  const signed = (await page.evaluate(`(async () => {
    const bytes = (hex) => Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16));
    const filled = (length, value) => new Uint8Array(length).fill(value);
    const challenge = {
      deploymentId: filled(32, 1), projectId: filled(32, 7), recordDigest: filled(32, 2), challenge: filled(40, 3),
      stretching: ${JSON.stringify(MIN_STRETCHING)}, publicKey: bytes('${hex(raw)}'),
    };
    const key = await recovery.recoveryKeyFor('${passphrase.toUpperCase()}', challenge);
    return Array.from(await recovery.signRecovery(key, challenge, { walletSecret: filled(91, 4), apiKey: null }));
  })()`)) as number[];
  const [header, , payload, signature] = decodeCbor(Uint8Array.from(signed)) as unknown as [
    Uint8Array,
    object,
    Uint8Array,
    Uint8Array,
  ];
  const input = encodeCbor(['Signature1', header, new Uint8Array(0), payload]);
  expect(verify(null, input, publicKey, signature)).toBe(true);
  expect(decodeCbor(payload)).toMatchObject({ type: 'strongroom/recovery/v1', apiKey: null });
}
