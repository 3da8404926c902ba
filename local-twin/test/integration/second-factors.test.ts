// The whole of second factors with processes, the client's own code, and Chromium with a virtual authenticator on the page of the proxy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { base32nopad } from '@scure/base';
import { makeWalletSecret } from '@strongroom/client/credentials';
import type { FactorQuestion } from '@strongroom/client/factor-call';
import { confirmationLink, enrolmentLink, parseEnrolment, parseFactor } from '@strongroom/client/factor-link';
import type { Owner } from '@strongroom/client/owner';
import { makeRecoveryCodes } from '@strongroom/client/recovery-codes';
import {
  addPasskey,
  addTotp,
  listFactors,
  passkeyId,
  removePasskey,
  requireFactorsFor,
  setRecoveryCodes,
} from '@strongroom/client/second-factors';
import { makeTotpSecret, totpCodeAt } from '@strongroom/client/totp-secret';
import { addWalletSecret } from '@strongroom/client/wallet-secrets';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../../attestation/test/browser/chromium.ts';
import { createOwnedProject } from '../support/owner-file.ts';
import { createTestProject } from '../support/project.ts';
import { answerStrongroom } from '../support/strongroom-command.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let system: TestSystem;
let browser: Browser;
let page: Page;
let devtools: CDPSession;
let authenticatorId: string;
let owner: Owner;
let place: { name: string; rpId: string; origins: readonly string[] };

beforeAll(async () => {
  [system, browser] = await Promise.all([startTestSystem(), launchChromium()]);
  page = await browser.newPage();
  devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  ({ authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  }));
  const project = await createTestProject(system);
  owner = {
    baseUrl: system.baseUrl,
    pins: { images: [system.measurements], customRoot: system.rootCertificate },
    projectId: project.projectId,
    credentials: project,
    walletSecret: project.walletKey,
  };
  place = {
    name: 'laptop',
    rpId: 'localhost',
    origins: [`http://localhost:${new URL(system.baseUrl).port}`],
  };
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await system?.[Symbol.asyncDispose]();
});

/** What the page shows once its button was pressed. */
async function visit(link: string): Promise<string> {
  await page.goto('about:blank');
  await page.goto(link);
  await page.click('#use');
  await page.waitForFunction("document.getElementById('state').textContent !== 'Waiting for the passkey.'");
  const state = await page.textContent('#state');
  if (!state?.startsWith('Done')) throw new Error(state ?? 'nothing');
  return await page.inputValue('#result');
}

const byPasskey = async (question: FactorQuestion) =>
  parseFactor(await visit(confirmationLink(question) ?? ''));
const rotate = (secondFactor?: Owner['secondFactor']) =>
  addWalletSecret({ ...owner, ...(secondFactor && { secondFactor }) }, makeWalletSecret(), null);

describe('a passkey of Chromium', () => {
  it('is enrolled on the page, required, and confirms a rotation there', async () => {
    const added = await addPasskey(owner, place, async (question) =>
      parseEnrolment(await visit(enrolmentLink(question, place))),
    );
    expect(added).toMatchObject({ passkeys: [{ name: 'laptop' }], webauthn: { rpId: 'localhost' } });
    await requireFactorsFor(owner, ['wallet-secret', 'policy']);
    await expect(rotate()).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    expect(await rotate(byPasskey)).toHaveLength(2);
  });

  it('is refused when its user was not verified, and when its assertion is sent twice', async () => {
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await expect(rotate(byPasskey)).rejects.toThrow('NotAllowedError');
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    let kept: Awaited<ReturnType<typeof byPasskey>> | undefined;
    await rotate(async (question) => (kept = await byPasskey(question)));
    await expect(rotate(async () => kept!)).rejects.toThrow(code('SECOND_FACTOR_INVALID'));
  });

  it('does not sign on another origin than the record names', async () => {
    const elsewhere = async (question: FactorQuestion) => {
      const link = confirmationLink(question)?.replace('http://localhost', 'http://127.0.0.1') ?? '';
      return parseFactor(await visit(link));
    };
    await expect(rotate(elsewhere)).rejects.toThrow('SecurityError');
  });
});

describe('the page', () => {
  it('runs its own script and nothing else', async () => {
    const answer = await fetch(`${system.baseUrl}/factors`);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
    expect(answer.headers.get('x-frame-options')).toBe('DENY');
    const html = await answer.text();
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/https?:|style=|\son[a-z]+=/);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await page.goto(`${place.origins[0]}/factors`);
    expect(requests.filter((path) => path !== '/favicon.ico')).toEqual(['/factors', '/factors.js']);
  });
});

describe('the strongroom command', () => {
  it('enrols, lists and requires factors, asks for one, and takes what is typed or pasted', async () => {
    const { file } = await createOwnedProject(system);
    const run = (words: string, answerTo: ((asked: string) => Promise<string>) | null = null) =>
      answerStrongroom([...words.split(' '), '--credentials', file], answerTo);
    const linkIn = (asked: string) => /http:\S+/.exec(asked)?.[0] ?? '';
    const made = await run('factor add-passkey --name phone', async (asked) => visit(linkIn(asked)));
    expect(made).toMatchObject({ exitCode: 0, json: { passkeys: [{ name: 'phone' }] } });
    let secret: Uint8Array = Buffer.alloc(0);
    const added = await run('factor add-totp', async (asked) => {
      secret = base32nopad.decode(/secret=([A-Z2-7]+)/.exec(asked)?.[1] ?? '');
      return totpCodeAt(secret, Date.now());
    });
    expect(added).toMatchObject({ exitCode: 0, json: { totp: true } });
    const codesFile = join(system.home, 'codes.txt');
    expect(await run(`factor recovery-codes --out ${codesFile}`)).toMatchObject({
      json: { recoveryCodes: 10 },
    });
    const required = await run('factor require --for wallet-secret --for policy');
    expect(required).toMatchObject({ exitCode: 0, json: { requiredFor: ['wallet-secret', 'policy'] } });
    let outs = 0;
    const rotation = () => `wallet-secret rotate --out ${join(system.home, `rotated-${outs++}.json`)}`;
    expect((await run(rotation())).exitCode).toBe(2);
    expect((await run(rotation(), async () => 'no code')).exitCode).toBe(1);
    expect((await run(rotation(), async (asked) => visit(linkIn(asked)))).exitCode).toBe(0);
    expect((await run(rotation(), async () => totpCodeAt(secret, Date.now() + 30_000))).exitCode).toBe(0);
    const [code = ''] = readFileSync(codesFile, 'utf8').split('\n');
    expect(await run('factor remove totp --yes', async () => code)).toMatchObject({ json: { totp: false } });
    expect(await run('factor list')).toMatchObject({ json: { recoveryCodes: 9, totp: false } });
  }, 60_000);
});

describe('TOTP and recovery codes', () => {
  it('stand in for the passkey, each once', async () => {
    const secret = makeTotpSecret();
    const withPasskey = { ...owner, secondFactor: byPasskey };
    await addTotp(withPasskey, secret, async () => totpCodeAt(secret, Date.now()));
    const codes = makeRecoveryCodes(10);
    expect((await setRecoveryCodes(withPasskey, codes)).recoveryCodes).toBe(10);
    const given = totpCodeAt(secret, Date.now() + 30_000);
    await rotate(async () => parseFactor(given));
    await expect(rotate(async () => parseFactor(given))).rejects.toThrow(code('SECOND_FACTOR_INVALID'));
    await rotate(async () => parseFactor(codes[0]!.shown));
    expect(await listFactors(owner)).toMatchObject({ hasTotp: true, recoveryCodes: 9 });
    await expect(rotate(async () => parseFactor(codes[0]!.shown))).rejects.toThrow(
      code('SECOND_FACTOR_INVALID'),
    );
    await expect(rotate(async () => parseFactor('hello'))).rejects.toThrow(code('SECOND_FACTOR_INVALID'));
  });

  it('let the passkey go, and the requirement by a factor that is left', async () => {
    const { passkeys } = await listFactors(owner);
    const id = passkeyId(passkeys[0]!.credentialId);
    const left = await removePasskey({ ...owner, secondFactor: byPasskey }, id);
    expect(left).toMatchObject({ passkeys: [], hasTotp: true });
    await expect(requireFactorsFor(owner, [])).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
  });

  it('stay over a restart of the enclave', async () => {
    await system.enclave.stop();
    await system.restartEnclave();
    expect(await listFactors(owner)).toMatchObject({
      hasTotp: true,
      requiredFor: ['wallet-secret', 'policy'],
    });
    await expect(rotate()).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
  });
});
