// Each test is a parent that cheats in one way; the enclave refuses it with a code of its own.
import { connect } from 'node:net';
import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { signProjectGenesis } from '@strongroom/client/project-genesis';
import { signJwt } from '@strongroom/client/wallet-token';
import { certifyProject } from '@strongroom/shared/operations/certify-project';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { createProject } from '@strongroom/shared/operations/create-project';
import type { ProjectRows, SealedRecord } from '@strongroom/shared/operations/fields';
import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import { encodeFrame } from '@strongroom/shared/wire/frame';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  LAB_AUTHORITY,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const hash = `0x${'ab'.repeat(32)}`;
let lab: Laboratory;
let enclave: LabEnclave;
let mine: LabProject;
let theirs: LabProject;
let account: LabAccount;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  mine = await createLabProject(enclave);
  theirs = await createLabProject(enclave);
  account = await createLabAccount(enclave, mine, { name: 'mine' });
});
afterAll(() => lab[Symbol.asyncDispose]());

const signPath = (address = account.address) => `/v2/evm/accounts/${address}/sign`;
const signRequestOf = (project = mine, address = account.address) =>
  signedRequest(project, { path: signPath(address), body: { hash } });

/** An honest signing call, in which the parent may have changed anything. */
function sign(changes: Record<string, unknown> = {}, to = enclave) {
  return to.call(signEvmHash, {
    client: signRequestOf(),
    project: mine.rows,
    rows: account.rows,
    ...changes,
  } as never);
}

async function update(body: object, record: SealedRecord, to = enclave): Promise<SealedRecord> {
  const client = signedRequest(mine, { method: 'PUT', path: `/v2/evm/accounts/${account.address}`, body });
  return (await to.call(updateEvmAccount, { client, project: mine.rows, account: record })).account;
}

describe('rows', () => {
  it('that are right are signed with', async () => {
    expect((await sign()).status).toBe(200);
  });

  it('of another account: its wallet key', async () => {
    const other = await createLabAccount(enclave, mine);
    const rows = { account: account.rows.account, walletKey: other.rows.walletKey };
    await expect(sign({ rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('of another account: its record and key under my address', async () => {
    const other = await createLabAccount(enclave, mine);
    await expect(sign({ rows: other.rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('of another project: record, key, client secret, authority', async () => {
    const other = await createLabAccount(enclave, theirs);
    const client = signRequestOf(mine, other.address);
    await expect(sign({ client, rows: other.rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    const project: ProjectRows = { ...mine.rows, clientSecret: theirs.rows.clientSecret };
    await expect(sign({ project })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    const swapped: ProjectRows = { ...mine.rows, authority: theirs.rows.authority };
    await expect(sign({ project: swapped })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('of a project that I do not control, with a token of one that I do', async () => {
    const other = await createLabAccount(enclave, theirs);
    const client = signRequestOf(mine, other.address);
    await expect(sign({ client, project: theirs.rows, rows: other.rows })).rejects.toThrow(
      code('WALLET_TOKEN_SIGNATURE'),
    );
  });

  it('of another kind in the place of each', async () => {
    const { authority, clientSecret } = mine.rows;
    const swaps = [
      { project: { ...mine.rows, clientSecret: authority.sealed } },
      { project: { ...mine.rows, authority: { version: 1, sealed: clientSecret } } },
      { rows: { ...account.rows, walletKey: account.rows.account.sealed } },
      { rows: { ...account.rows, account: { version: 1, sealed: account.rows.walletKey } } },
    ];
    for (const swap of swaps) await expect(sign(swap)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('truncated, or with a bit flipped', async () => {
    const { walletKey } = account.rows;
    for (const at of [0, 3, 10, 40, 70, walletKey.length - 1]) {
      const flipped = Uint8Array.from(walletKey);
      flipped[at] = (flipped[at] as number) ^ 1;
      await expect(sign({ rows: { ...account.rows, walletKey: flipped } })).rejects.toThrow(
        code('SEALED_BLOB_REFUSED'),
      );
    }
    for (const length of [1, 68, 84, walletKey.length - 1]) {
      const rows = { ...account.rows, walletKey: walletKey.subarray(0, length) };
      await expect(sign({ rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    }
  });

  it('left out, or with fields nobody knows', async () => {
    await expect(sign({ rows: { walletKey: account.rows.walletKey } })).rejects.toThrow(
      code('INVALID_MESSAGE'),
    );
    await expect(sign({ project: { projectId: mine.rows.projectId } })).rejects.toThrow(
      code('INVALID_MESSAGE'),
    );
    await expect(sign({ admin: true })).rejects.toThrow(code('INVALID_MESSAGE'));
  });

  it('whose version number is not that of the sealed record', async () => {
    const rows = { ...account.rows, account: { version: 2, sealed: account.rows.account.sealed } };
    await expect(sign({ rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });
});

describe('records', () => {
  it('older than one that was presented are refused; so is a second one of the same version', async () => {
    const own = await lab.bootReady();
    const v1 = account.rows.account;
    const v2 = await update({ name: 'second' }, v1, own);
    // Made from version 1 as well: the enclave has not seen version 2 yet, so the parent may have lost it.
    const rival = await update({ name: 'rival' }, v1, own);
    expect((await sign({ rows: { ...account.rows, account: v2 } }, own)).status).toBe(200);
    await expect(sign({ rows: account.rows }, own)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    await expect(sign({ rows: { ...account.rows, account: rival } }, own)).rejects.toThrow(
      code('RECORD_FORKED'),
    );
  });

  it('NOT refused: an older record, by an enclave that never saw the newer one', async () => {
    const first = await lab.bootReady();
    const v2 = await update({ name: 'newer' }, account.rows.account, first);
    await sign({ rows: { ...account.rows, account: v2 } }, first);
    const second = await lab.bootReady();
    expect((await sign({ rows: account.rows }, second)).status).toBe(200);
  });

  it('of another deployment do not open', async () => {
    await using other = await openLaboratory();
    const foreign = await other.bootReady();
    await expect(sign({}, foreign)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });
});

describe('tokens', () => {
  it('that were used are refused', async () => {
    const client = signRequestOf();
    await sign({ client });
    await expect(sign({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('that were used together in one burst sign once', async () => {
    const client = signRequestOf();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => sign({ client })));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
  });

  it('that were used before a restart are refused after it, and those from the future wait for their time', async () => {
    const issuedAtS = Math.floor(Date.now() / 1000) + 3;
    const early = signedRequest(mine, { path: signPath(), body: { hash }, issuedAtS });
    const before = await lab.bootReady();
    const used = signRequestOf();
    await sign({ client: used }, before);
    const held = sign({ client: early }, before);
    await expect(
      Promise.race([held, new Promise((resolve) => setTimeout(resolve, 500, 'held'))]),
    ).resolves.toBe('held');
    // Whoever crashes the enclave now has a token that did nothing; whoever waits has one that is older than the next boot.
    expect((await held).status).toBe(200);
    expect(Date.now()).toBeGreaterThanOrEqual(issuedAtS * 1000);
    const after = await lab.bootReady();
    await expect(sign({ client: used }, after)).rejects.toThrow(code('WALLET_TOKEN_BEFORE_BOOT'));
    await expect(sign({ client: early }, after)).rejects.toThrow(code('WALLET_TOKEN_BEFORE_BOOT'));
  });

  it('NOT refused: one token on two enclaves', async () => {
    const [one, two] = [await lab.bootReady(), await lab.bootReady()];
    const client = signRequestOf();
    expect((await sign({ client }, one)).status).toBe(200);
    expect((await sign({ client }, two)).status).toBe(200);
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
      client: signedRequest(mine, { path: signPath(), body: { hash }, issuedAtS }),
    });
    await expect(sign(at(nowS + 40), aged)).rejects.toThrow(code('WALLET_TOKEN_FUTURE'));
    await expect(sign(at(nowS - 130), aged)).rejects.toThrow(code('WALLET_TOKEN_BEFORE_BOOT'));
  });

  it('of another method, path or authority', async () => {
    const client = signRequestOf();
    const wrong = [
      { path: '/v2/evm/accounts' },
      { method: 'PUT', path: signPath() },
      { path: signPath('0x000000000000000000000000000000000000dEaD') },
      { path: signPath(), authority: 'evil.example' },
      { path: signPath(), authority: `${LAB_AUTHORITY}0` },
    ];
    for (const request of wrong) {
      const { walletToken } = signedRequest(mine, { ...request, body: { hash } });
      await expect(sign({ client: { ...client, walletToken } })).rejects.toThrow(code('WALLET_TOKEN_URI'));
    }
  });

  it('whose body was swapped, dropped or emptied', async () => {
    const client = signRequestOf();
    const body = Buffer.from(JSON.stringify({ hash: `0x${'cd'.repeat(32)}` }));
    await expect(sign({ client: { ...client, body } })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
    await expect(sign({ client: { ...client, body: new Uint8Array(0) } })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
    const retry = signedRequest(mine, { path: signPath(), body: {} });
    const claims = {
      uris: [`POST ${LAB_AUTHORITY}${signPath()}`],
      iat: Math.floor(Date.now() / 1000),
      nbf: 1,
      jti: 'a'.repeat(32),
    };
    const walletToken = signJwt({ alg: 'ES256', typ: 'JWT' }, claims, mine.walletSecret);
    await expect(sign({ client: { ...retry, body, walletToken } })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISSING'),
    );
  });

  it('of other shapes: none, no token, other algorithms, other claims', async () => {
    const client = signRequestOf();
    await expect(sign({ client: { ...client, walletToken: null } })).rejects.toThrow(
      code('WALLET_TOKEN_MISSING'),
    );
    const nowS = Math.floor(Date.now() / 1000);
    const good = {
      uris: [`POST ${LAB_AUTHORITY}${signPath()}`],
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
      await expect(sign({ client: { ...client, walletToken } })).rejects.toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^WALLET_TOKEN_(MALFORMED|SIGNATURE)$/) }),
      );
    }
    for (const uris of [[], [...good.uris, ...good.uris], good.uris[0], undefined]) {
      const walletToken = signJwt(header, { ...good, uris }, mine.walletSecret);
      await expect(sign({ client: { ...client, walletToken } })).rejects.toThrow(code('WALLET_TOKEN_URI'));
    }
  });

  it('by another wallet secret', async () => {
    const { walletToken } = signedRequest(theirs, { path: signPath(), body: { hash } });
    await expect(sign({ client: { ...signRequestOf(), walletToken } })).rejects.toThrow(
      code('WALLET_TOKEN_SIGNATURE'),
    );
  });
});

describe('envelopes', () => {
  it('that name another operation than the signed request', async () => {
    const message = signedRequest(mine, { path: `${signPath()}/message`, body: { message: 'hi' } });
    await expect(sign({ client: message })).rejects.toThrow(code('OPERATION_MISMATCH'));
    const create = signedRequest(mine, { path: '/v2/evm/accounts', body: {} });
    await expect(sign({ client: create })).rejects.toThrow(code('OPERATION_MISMATCH'));
    const asMessage = { client: signRequestOf(), project: mine.rows, rows: account.rows };
    await expect(enclave.call(signEvmMessage, asMessage)).rejects.toThrow(code('OPERATION_MISMATCH'));
  });

  it('that ask an existing account for another one', async () => {
    const client = signedRequest(mine, { path: '/v2/evm/accounts', body: {} });
    const existing = { address: '0x000000000000000000000000000000000000dEaD', account: account.rows.account };
    await expect(enclave.call(createEvmAccount, { client, project: mine.rows, existing })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
  });

  it('with duplicate keys in the body the client signed', async () => {
    const body = Buffer.from(`{"hash":"${hash}","hash":"0x${'cd'.repeat(32)}"}`);
    await expect(sign({ client: { ...signRequestOf(), body } })).rejects.toThrow(code('MALFORMED_JSON'));
  });
});

describe('project genesis', () => {
  async function genesisParameters() {
    const { nonce, deploymentId } = await enclave.call(issueProjectNonce, {});
    return {
      nonce,
      deploymentId,
      walletSecret: makeWalletSecret(),
      apiKey: makeApiKey(),
      choices: {
        authorities: [LAB_AUTHORITY],
        policyAuthority: 'wallet',
        exportAllowed: false,
        scopes: ['sign'],
      },
    } as const;
  }
  const create = (genesis: Uint8Array) => enclave.call(createProject, { genesis });

  it('with a second Wallet Secret, another key or another permission is refused', async () => {
    const { genesis } = signProjectGenesis(await genesisParameters());
    const [header, , payload, signature] = decodeCbor(genesis) as [
      Uint8Array,
      object,
      Uint8Array,
      Uint8Array,
    ];
    const record = decodeCbor(payload) as Record<string, never>;
    const intruder = makeWalletSecret().publicKey;
    const changes = [
      { walletSecret: intruder },
      { walletSecrets: [record['walletSecret'], intruder] },
      { exportAllowed: true },
      { policyAuthority: 'api-key' },
      { authorities: ['evil.example'] },
    ];
    for (const change of changes) {
      const forged = encodeCbor([header, {}, encodeCbor({ ...record, ...change } as never), signature]);
      await expect(create(forged)).rejects.toThrow(code('PROJECT_GENESIS_REFUSED'));
    }
    expect((await create(genesis)).authority.version).toBe(1);
  });

  it('is good once, in its time, for its deployment', async () => {
    const parameters = await genesisParameters();
    const { genesis } = signProjectGenesis(parameters);
    await create(genesis);
    await expect(create(genesis)).rejects.toThrow(code('PROJECT_NONCE_REFUSED'));
    const unissued = signProjectGenesis({ ...parameters, nonce: Buffer.alloc(32) });
    await expect(create(unissued.genesis)).rejects.toThrow(code('PROJECT_NONCE_REFUSED'));
    const elsewhere = signProjectGenesis({ ...(await genesisParameters()), deploymentId: Buffer.alloc(32) });
    await expect(create(elsewhere.genesis)).rejects.toThrow(code('PROJECT_GENESIS_REFUSED'));
  });

  it('certificates are of the record that was presented', async () => {
    const swapped = { ...mine.rows, projectId: theirs.rows.projectId };
    const nonce = Buffer.alloc(16, 5);
    await expect(enclave.call(certifyProject, { project: swapped, nonce })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
  });
});

describe('frames', () => {
  /** Sends raw bytes and returns what comes back until the enclave hangs up or 300 ms are over. */
  async function send(bytes: Uint8Array): Promise<string> {
    const socket = connect(enclave.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.write(bytes);
    await new Promise((resolve) => {
      socket.on('close', resolve);
      setTimeout(resolve, 300);
    });
    socket.destroy();
    return Buffer.concat(chunks).toString('latin1');
  }
  const frame = (hex: string) => encodeFrame(Buffer.from(hex, 'hex'));

  it.each([
    ['oversized', Buffer.from('7fffffff', 'hex'), 'FRAME_TOO_LARGE'],
    ['empty', Buffer.from('00000000', 'hex'), 'FRAME_EMPTY'],
    [
      'deeply nested',
      encodeFrame(Buffer.concat([Buffer.alloc(5000, 0x81), Buffer.from('00', 'hex')])),
      'CBOR_TOO_DEEP',
    ],
    ['duplicate-keyed', frame('a2616101616102'), 'CBOR_KEY_DUPLICATE'],
    ['indefinite', frame('bf616101ff'), 'CBOR_INDEFINITE'],
    ['non-minimal', frame('a16161190001'), 'CBOR_NOT_MINIMAL'],
    ['no envelope', frame('a0'), 'ENVELOPE_INVALID'],
  ])('%s', async (_name, bytes, expected) => {
    expect(await send(bytes)).toContain(expected);
    expect((await sign()).status).toBe(200);
  });

  it('naming no operation at all', async () => {
    expect(await send(encodeFrame(encodeCbor({ v: 1, id: 1, op: 'export-everything', body: {} })))).toContain(
      'UNKNOWN_OPERATION',
    );
  });

  it('leave no error behind that the enclave did not foresee', () => {
    expect(enclave.internalErrors).toEqual([]);
  });
});
