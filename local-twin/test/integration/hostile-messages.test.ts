// A parent that cheats with what makes a project, or sends what is no message.
import { connect } from 'node:net';
import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { signProjectGenesis } from '@strongroom/client/project-genesis';
import { certifyProject } from '@strongroom/shared/operations/certify-project';
import { createProject } from '@strongroom/shared/operations/create-project';
import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import { decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import { encodeFrame } from '@strongroom/shared/wire/frame';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAB_AUTHORITY } from '../../src/hostile/lab-project.ts';
import { openTwoLabProjects, type TwoLabProjects } from '../support/two-lab-projects.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: TwoLabProjects['lab'];
let enclave: TwoLabProjects['enclave'];
let mine: TwoLabProjects['mine'];
let theirs: TwoLabProjects['theirs'];
let signing: TwoLabProjects['signing'];

beforeAll(async () => {
  ({ lab, enclave, mine, theirs, signing } = await openTwoLabProjects());
});
afterAll(() => lab[Symbol.asyncDispose]());

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
    expect((await signing.sign()).status).toBe(200);
  });

  it('naming no operation at all', async () => {
    expect(await send(encodeFrame(encodeCbor({ v: 1, id: 1, op: 'export-everything', body: {} })))).toContain(
      'UNKNOWN_OPERATION',
    );
  });
});

describe('the enclave', () => {
  it('has met no error that it did not foresee', () => {
    expect(enclave.internalErrors).toEqual([]);
  });
});
