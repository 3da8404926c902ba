import { signJwt } from '@strongroom/client/wallet-token';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAB_AUTHORITY, signedRequest } from '../../src/hostile/lab-project.ts';
import { LAB_HASH } from '../support/lab-signing.ts';
import { openTwoLabProjects, type TwoLabProjects } from '../support/two-lab-projects.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: TwoLabProjects['lab'];
let enclave: TwoLabProjects['enclave'];
let mine: TwoLabProjects['mine'];
let theirs: TwoLabProjects['theirs'];
let account: TwoLabProjects['account'];
let signing: TwoLabProjects['signing'];

beforeAll(async () => {
  ({ lab, enclave, mine, theirs, account, signing } = await openTwoLabProjects());
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('tokens', () => {
  it('that were used are refused', async () => {
    const client = signing.signRequestOf();
    await signing.sign({ client });
    await expect(signing.sign({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('that were used together in one burst sign once', async () => {
    const client = signing.signRequestOf();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => signing.sign({ client })));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  it('that were used before a restart are refused after it, and those from the future wait for their time', async () => {
    const issuedAtS = Math.floor(Date.now() / 1000) + 3;
    const early = signedRequest(mine, { path: signing.signPath(), body: { hash: LAB_HASH }, issuedAtS });
    const before = await lab.bootReady();
    const used = signing.signRequestOf();
    await signing.sign({ client: used }, before);
    const held = signing.sign({ client: early }, before);
    await expect(
      Promise.race([held, new Promise((resolve) => setTimeout(resolve, 500, 'held'))]),
    ).resolves.toBe('held');
    // Whoever crashes the enclave now has a token that did nothing; whoever waits has one that is older than the next boot.
    expect((await held).status).toBe(200);
    expect(Date.now()).toBeGreaterThanOrEqual(issuedAtS * 1000);
    const after = await lab.bootReady();
    await expect(signing.sign({ client: used }, after)).rejects.toThrow(code('WALLET_TOKEN_BEFORE_BOOT'));
    await expect(signing.sign({ client: early }, after)).rejects.toThrow(code('WALLET_TOKEN_BEFORE_BOOT'));
  });

  it('NOT refused: one token on two enclaves', async () => {
    const [one, two] = [await lab.bootReady(), await lab.bootReady()];
    const client = signing.signRequestOf();
    expect((await signing.sign({ client }, one)).status).toBe(200);
    expect((await signing.sign({ client }, two)).status).toBe(200);
  });

  it('of an update are refused by a second enclave that is shown the updated record', async () => {
    const [one, two] = [await lab.bootReady(), await lab.bootReady()];
    const client = signedRequest(mine, {
      method: 'PUT',
      path: `/v2/evm/accounts/${account.address}`,
      body: { name: 'once' },
    });
    const { account: v2 } = await one.call(updateEvmAccount, {
      client,
      project: mine.rows,
      account: account.rows.account,
    });
    const again = two.call(updateEvmAccount, { client, project: mine.rows, account: v2 });
    await expect(again).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('too old or too early are refused', async () => {
    const nowS = Math.floor(Date.now() / 1000);
    const aged = await lab.bootReady();
    const at = (issuedAtS: number) => ({
      client: signedRequest(mine, { path: signing.signPath(), body: { hash: LAB_HASH }, issuedAtS }),
    });
    await expect(signing.sign(at(nowS + 40), aged)).rejects.toThrow(code('WALLET_TOKEN_FUTURE'));
    await expect(signing.sign(at(nowS - 130), aged)).rejects.toThrow(code('WALLET_TOKEN_BEFORE_BOOT'));
  });

  it('of another method, path or authority', async () => {
    const client = signing.signRequestOf();
    const wrong = [
      { path: '/v2/evm/accounts' },
      { method: 'PUT', path: signing.signPath() },
      { path: signing.signPath('0x000000000000000000000000000000000000dEaD') },
      { path: signing.signPath(), authority: 'evil.example' },
      { path: signing.signPath(), authority: `${LAB_AUTHORITY}0` },
    ];
    for (const request of wrong) {
      const { walletToken } = signedRequest(mine, { ...request, body: { hash: LAB_HASH } });
      await expect(signing.sign({ client: { ...client, walletToken } })).rejects.toThrow(
        code('WALLET_TOKEN_URI'),
      );
    }
  });

  it('whose body was swapped, dropped or emptied', async () => {
    const client = signing.signRequestOf();
    const body = Buffer.from(JSON.stringify({ hash: `0x${'cd'.repeat(32)}` }));
    await expect(signing.sign({ client: { ...client, body } })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
    await expect(signing.sign({ client: { ...client, body: new Uint8Array(0) } })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
    const retry = signedRequest(mine, { path: signing.signPath(), body: {} });
    const claims = {
      uris: [`POST ${LAB_AUTHORITY}${signing.signPath()}`],
      iat: Math.floor(Date.now() / 1000),
      nbf: 1,
      jti: 'a'.repeat(32),
    };
    const walletToken = signJwt({ alg: 'ES256', typ: 'JWT' }, claims, mine.walletSecret);
    await expect(signing.sign({ client: { ...retry, body, walletToken } })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISSING'),
    );
  });

  it('of other shapes: none, no token, other algorithms, other claims', async () => {
    const client = signing.signRequestOf();
    await expect(signing.sign({ client: { ...client, walletToken: null } })).rejects.toThrow(
      code('WALLET_TOKEN_MISSING'),
    );
    const nowS = Math.floor(Date.now() / 1000);
    const good = {
      uris: [`POST ${LAB_AUTHORITY}${signing.signPath()}`],
      iat: nowS,
      nbf: nowS,
      jti: 'b'.repeat(32),
      reqHash: '0',
    };
    const header = { alg: 'ES256', typ: 'JWT' };
    const malformed = [
      '',
      'a.b.c',
      client.walletToken?.slice(0, -4),
      signJwt({ ...header, alg: 'none' }, good, mine.walletSecret),
      signJwt({ ...header, alg: 'HS256' }, good, mine.walletSecret),
      signJwt({ ...header, crit: ['exp'] }, good, mine.walletSecret),
      signJwt(header, { ...good, jti: 'short' }, mine.walletSecret),
      signJwt(header, { ...good, jti: 7 }, mine.walletSecret),
      signJwt(header, { ...good, iat: `${nowS}` }, mine.walletSecret),
      signJwt(header, { ...good, iat: nowS + 0.5 }, mine.walletSecret),
    ];
    for (const walletToken of malformed) {
      await expect(signing.sign({ client: { ...client, walletToken } })).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^WALLET_TOKEN_(MALFORMED|SIGNATURE)$/) }),
      );
    }
    for (const uris of [[], [...good.uris, ...good.uris], good.uris[0], undefined]) {
      const walletToken = signJwt(header, { ...good, uris }, mine.walletSecret);
      await expect(signing.sign({ client: { ...client, walletToken } })).rejects.toThrow(
        code('WALLET_TOKEN_URI'),
      );
    }
  });

  it('by another wallet secret', async () => {
    const { walletToken } = signedRequest(theirs, { path: signing.signPath(), body: { hash: LAB_HASH } });
    await expect(signing.sign({ client: { ...signing.signRequestOf(), walletToken } })).rejects.toThrow(
      code('WALLET_TOKEN_SIGNATURE'),
    );
  });
});

describe('the enclave', () => {
  it('has met no error that it did not foresee', () => {
    expect(enclave.internalErrors).toEqual([]);
  });
});
