import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bstr } from '../../scripts/forge/cbor-writer.ts';
import { NOW_MS, selfSignedRoot } from '../../scripts/forge/chain.ts';
import { document, PINS } from '../../scripts/forge/document.ts';
import { manifestOf, SERVICE_CASES } from '../../scripts/forge/service-cases.ts';
import { launchChromium } from './chromium.ts';

const vectors = fileURLToPath(new URL('../../../vectors/attestation/', import.meta.url));
const screenshots = fileURLToPath(new URL('../../dist/screenshots/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'page-'));
const output = join(directory, 'verify.html');

interface Sidecar {
  readonly pcrs: Readonly<Record<'0' | '1' | '2', string>>;
  readonly timestamp: string;
}
const sidecar = (name: string): Sidecar => JSON.parse(readFileSync(`${vectors}real/${name}.json`, 'utf8'));
const GENUINE = 'tkhq-2026-04-21';

let browser: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  const script = fileURLToPath(new URL('../../scripts/build-page.ts', import.meta.url));
  execFileSync(process.execPath, ['--conditions=source', script, output]);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true });
});
beforeEach(async () => {
  await page?.close();
  problems.length = 0;
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => problems.push(message.text()));
  // A file, no server: what somebody sees who has saved the page.
  await page.goto(pathToFileURL(output).href);
});

async function fillPins(pins: readonly string[]): Promise<void> {
  for (const [index, pin] of pins.entries()) await page.fill(`#pcr${index}`, pin);
}

async function fillFor(name: string): Promise<void> {
  const { pcrs, timestamp } = sidecar(name);
  await page.setInputFiles('#file', `${vectors}real/${name}.bin`);
  await fillPins([pcrs[0], pcrs[1], pcrs[2]]);
  await page.fill('#at', timestamp);
  await page.check('#no-nonce');
}

async function verdict(screenshot: string | null = null): Promise<readonly [title: string, code: string]> {
  await page.click('#verify');
  await page.waitForSelector('.verdict');
  if (screenshot !== null)
    await page.screenshot({ path: join(screenshots, `${screenshot}.png`), fullPage: true });
  const code = await page.getAttribute('.verdict', 'data-code');
  return [(await page.textContent('.verdict h2')) ?? '', code ?? ''];
}

describe('the page, without a server', () => {
  it('accepts a genuine document under its pins, and shows the chain, PCRs and times', async () => {
    await page.screenshot({ path: join(screenshots, 'empty.png'), fullPage: true });
    await fillFor(GENUINE);
    expect(await verdict('accepted')).toEqual(['Accepted', 'ACCEPTED']);
    expect(await page.locator('.verified ol li').count()).toBe(5);
    expect(await page.locator('dd.match').count()).toBe(3);
    const text = (await page.textContent('#result')) ?? '';
    for (const shown of [
      'CN=aws.nitro-enclaves',
      '2019-10-28 13:28:05Z',
      '2026-04-21 22:33:40.109Z',
      'i-0e7a38c68f4acde83',
    ])
      expect(text).toContain(shown);
    expect(problems).toEqual([]);
  });

  it('gives the one reason of a refusal, and marks what it shows as claims', async () => {
    await fillFor(GENUINE);
    await page.fill('#pcr0', 'ab'.repeat(48));
    expect(await verdict('refused')).toEqual(['Not accepted', 'PCR_MISMATCH']);
    expect(await page.locator('dd.differs').count()).toBe(1);
    expect(await page.locator('.claims').count()).toBe(3);
    expect(await page.locator('.verified').count()).toBe(0);
    await page.fill('#at', '2026-04-23T00:00:00Z');
    await page.fill('#max-age', '999999');
    expect(await verdict('expired')).toEqual(['Not accepted', 'X509_EXPIRED']);
    expect(await page.textContent('li.fault b')).toBe('Instance: here it fails');
  });

  it('reads pasted base64, hexadecimal, and nothing else', async () => {
    await fillFor(GENUINE);
    const bytes = readFileSync(`${vectors}real/${GENUINE}.bin`);
    for (const text of [
      bytes.toString('base64'),
      bytes.toString('hex'),
      bytes.toString('base64').replace(/(.{64})/g, '$1\n'),
    ]) {
      await page.fill('#text', text);
      expect(await page.textContent('#loaded')).toBe(`Pasted: ${bytes.length} bytes.`);
      expect(await verdict()).toEqual(['Accepted', 'ACCEPTED']);
    }
    await page.fill('#text', 'not a document!');
    expect((await verdict())[0]).toBe('Nothing was verified');
  });

  it('takes a dropped file', async () => {
    await fillFor(GENUINE);
    const base64 = readFileSync(`${vectors}real/${GENUINE}.bin`).toString('base64');
    const transfer = await page.evaluateHandle((content) => {
      const data = new DataTransfer();
      data.items.add(new File([content], 'document.b64'));
      return data;
    }, base64);
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
    await page.waitForFunction(() =>
      globalThis.document.querySelector('#loaded')?.textContent?.startsWith('document.b64'),
    );
    expect(await verdict()).toEqual(['Accepted', 'ACCEPTED']);
  });

  it('accepts a debug enclave only when told that it is one', async () => {
    await page.setInputFiles('#file', `${vectors}real/espresso-indefinite.bin`);
    await fillPins(PINS.map((pin) => pin.toString('hex')));
    await page.fill('#at', sidecar('espresso-indefinite').timestamp);
    await page.check('#no-nonce');
    expect(await verdict()).toEqual(['Not accepted', 'DEBUG_DOCUMENT']);
    await page.check('#debug');
    expect(await verdict('debug')).toEqual(['Genuine, but a debug enclave', 'ACCEPTED']);
  });

  it('asks for what is missing instead of assuming it', async () => {
    expect(await page.isHidden('#custom-root')).toBe(true);
    await fillFor(GENUINE);
    await page.uncheck('#no-nonce');
    expect((await verdict())[0]).toBe('Nothing was verified');
    await page.fill('#nonce', '00');
    expect(await verdict()).toEqual(['Not accepted', 'NONCE_ABSENT']);
    await page.selectOption('#root', 'aws-us-gov');
    expect(await verdict()).toEqual(['Not accepted', 'CHAIN_ROOT']);
    await page.fill('#pcr1', '00');
    expect((await verdict())[0]).toBe('Nothing was verified');
    await page.fill('#pcr1', '00'.repeat(48));
    expect(await verdict()).toEqual(['Not accepted', 'POLICY_PCR_ZERO']);
  });
});

describe('the page and a service', () => {
  const root = selfSignedRoot();
  const manifest = manifestOf(SERVICE_CASES['ready']!);
  const userData = bstr(createHash('sha256').update(manifest).digest());
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(root.der).toString('base64')}\n-----END CERTIFICATE-----`;
  let replayed: Buffer | null = null;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const nonce = replayed ?? Buffer.from(searchParams.get('nonce') ?? '', 'hex');
      const bytes = Buffer.from(document(root, { fields: { user_data: userData, nonce: bstr(nonce) } }));
      response.setHeader('access-control-allow-origin', '*');
      response.end(
        JSON.stringify({
          attestationDocument: bytes.toString('base64'),
          manifest: manifest.toString('base64'),
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  async function ask(): Promise<void> {
    await page.fill('#service', url);
    await page.click('#ask');
    await page.waitForFunction(() =>
      globalThis.document.querySelector('#loaded')?.textContent?.includes('asked with nonce'),
    );
    await fillPins(PINS.map((pin) => pin.toString('hex')));
    await page.fill('#at', new Date(NOW_MS).toISOString());
    await page.selectOption('#root', 'custom');
    await page.fill('#custom-root', pem);
  }

  it('is asked with a fresh nonce and verified with its manifest, under the root that was given', async () => {
    replayed = null;
    await ask();
    expect(await page.isDisabled('#nonce')).toBe(true);
    expect(await verdict('service')).toEqual(['Accepted under your own root', 'ACCEPTED']);
    expect(await page.textContent('#result')).toContain('The Strongroom service');
    await page.selectOption('#root', 'aws');
    expect(await verdict()).toEqual(['Not accepted', 'CHAIN_ROOT']);
  });

  it('is refused when it answers with the document of another day', async () => {
    replayed = Buffer.alloc(32, 1);
    await ask();
    expect(await verdict()).toEqual(['Not accepted', 'NONCE_MISMATCH']);
  });

  it('may be out of reach', async () => {
    await page.fill('#service', 'http://127.0.0.1:1');
    await page.click('#ask');
    await page.waitForFunction(() =>
      globalThis.document.querySelector('#loaded')?.textContent?.includes('did not answer'),
    );
    await fillPins(PINS.map((pin) => pin.toString('hex')));
    await page.check('#no-nonce');
    expect(await verdict()).toEqual(['Nothing was verified', 'PROBLEM']);
  });
});
