import { randomBytes } from 'node:crypto';
import { errorAnswer } from '@strongroom/shared/api/error-response';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { serveConnection } from '@strongroom/shared/channel/operation-server';
import { isClientErrorCode } from '@strongroom/shared/error-code';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { OPERATIONS, type RegisteredOperation } from '@strongroom/shared/operations/registry';
import type { Phase } from '@strongroom/shared/phase';
import type { Dialer, Listener } from '@strongroom/shared/transport/connection';
import { tcpDialer, tcpListen } from '@strongroom/shared/transport/dev/tcp';
import type { CborValue } from '@strongroom/shared/wire/cbor';
import type { RequestEnvelope, ResponseEnvelope } from '@strongroom/shared/wire/envelope';
import * as v from 'valibot';
import { randomAddress } from './store/store-fixtures.ts';

type OperationName = RegisteredOperation['name'];
type Contract<Name extends OperationName> = Extract<RegisteredOperation, { name: Name }>;
type Handler<Name extends OperationName> = (
  request: ParsedRequestOf<Contract<Name>>,
) => ResponseOf<Contract<Name>> | Promise<ResponseOf<Contract<Name>>>;
export type Handlers = { [Name in OperationName]: Handler<Name> };

/** An enclave that speaks the real protocol and keeps no secrets: "sealed" rows are what the request said. */
export interface FakeEnclave {
  readonly dialer: Dialer;
  /** Names of the operations called, in order, without the watching. */
  readonly calls: OperationName[];
  phase: Phase;
  /** Replaces handlers for the rest of the test. */
  override(handlers: Partial<Handlers>): void;
  /** Forgets everything and drops its connections, as a restart does. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** What the proxy asks by itself, again and again. */
const WATCHING: readonly OperationName[] = ['get-status', 'read-events', 'get-metrics', 'get-root-key'];

export const json = (value: unknown) => Buffer.from(JSON.stringify(value));
export const parsed = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

export async function startFakeEnclave(): Promise<FakeEnclave> {
  const calls: OperationName[] = [];
  let overrides: Partial<Handlers> = {};
  const memory = newLife();
  const defaults = defaultHandlers(memory);

  async function handle({ id, op, body }: RequestEnvelope): Promise<ResponseEnvelope> {
    const contract = OPERATIONS.find(({ name }) => name === op);
    if (contract === undefined) return { id, err: { code: 'UNKNOWN_OPERATION' } };
    const request = v.safeParse(contract.request as v.GenericSchema, body);
    if (!request.success) return { id, err: { code: 'INVALID_MESSAGE' } };
    if (!WATCHING.includes(contract.name)) calls.push(contract.name);
    try {
      const handler = (overrides[contract.name] ?? defaults[contract.name]) as
        | ((request: unknown) => unknown)
        | undefined;
      if (handler === undefined) return { id, err: { code: 'UNKNOWN_OPERATION' } };
      return { id, ok: (await handler(request.output)) as CborValue };
    } catch (error) {
      const { code, clientMessage } =
        error instanceof OperationError ? error : new OperationError('MALFORMED_JSON');
      return {
        id,
        err: isClientErrorCode(code) ? { code, http: errorAnswer(code, clientMessage) } : { code },
      };
    }
  }

  let port = 0;
  const listen = (wanted: number): Promise<Listener> =>
    tcpListen(wanted, (taken) => {
      port = taken;
    })((stream) => serveConnection(stream, { handle, maxInFlight: 256 }), 16);
  let listener = await listen(0);

  return {
    dialer: { dial: () => tcpDialer(port).dial() },
    calls,
    get phase() {
      return memory.phase;
    },
    set phase(phase) {
      memory.phase = phase;
    },
    override(handlers) {
      overrides = { ...overrides, ...handlers };
    },
    async restart() {
      await listener.close();
      Object.assign(memory, newLife());
      listener = await listen(port);
    },
    close: () => listener.close(),
  };
}

const ROOT_RECORD = Uint8Array.of(0xa0);

const NO_METRICS = {
  uptimeS: 1,
  requests: [],
  unknownOperations: 0,
  signatures: { secp256k1: 0, ed25519: 0 },
  kmsCalls: [],
  keyPolicyAgeS: null,
  rowsResealed: 0,
  connections: { open: 1, accepted: 1 },
  tables: null,
  memory: { residentMiB: 1, heapUsedMiB: 1, heapLimitMiB: 1 },
  eventLoopDelay: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
  events: { newest: 0, kept: 0 },
};

interface Memory {
  phase: Phase;
  bootId: Uint8Array;
  credentialsExpireAtMs: number | null;
}

const newLife = (): Memory => ({
  phase: 'needs-root-record',
  bootId: randomBytes(16),
  credentialsExpireAtMs: null,
});

function defaultHandlers(memory: Memory): Partial<Handlers> {
  return { ...lifecycleHandlers(memory), ...projectHandlers, ...accountHandlers };
}

function lifecycleHandlers(memory: Memory) {
  return {
    'get-status': () => ({
      phase: memory.phase,
      reason: null,
      bootId: memory.bootId,
      deploymentId: null,
      generation: null,
      credentialsExpireAtMs: memory.credentialsExpireAtMs,
    }),
    'read-events': () => ({ bootId: memory.bootId, events: [], newest: 0, dropped: 0 }),
    'get-metrics': () => ({ ...NO_METRICS, bootId: memory.bootId }),
    'get-root-key': () => ({ recordVersion: 1, generation: 1, roots: [{ generation: 1, keyArns: [] }] }),
    'get-attestation': ({ nonce }) => ({ attestationDocument: nonce, manifest: Uint8Array.of(1) }),
    'set-credentials': ({ expiresAtMs }) => {
      memory.credentialsExpireAtMs = expiresAtMs;
      return {};
    },
    'run-genesis': () => {
      if (memory.phase !== 'needs-genesis') throw new OperationError('PHASE_REFUSED');
      memory.phase = 'needs-root-record';
      return { rootRecord: ROOT_RECORD };
    },
    'load-root-record': ({ rootRecord }) => {
      if (memory.credentialsExpireAtMs === null) throw new OperationError('CREDENTIALS_MISSING');
      memory.phase = rootRecord === null ? 'needs-genesis' : 'ready';
      return { phase: memory.phase };
    },
  } satisfies Partial<Handlers>;
}

const projectHandlers = {
  'issue-project-nonce': () => ({
    nonce: randomBytes(32),
    deploymentId: randomBytes(32),
    expiresAtMs: 300_000,
  }),
  'create-project': ({ genesis }) => {
    const { apiKeyId, publicKey } = parsed(genesis);
    return {
      projectId: randomBytes(32),
      authority: { version: 1, sealed: randomBytes(500) },
      clientSecret: randomBytes(100),
      certificate: Uint8Array.of(1, 2, 3),
      view: {
        apiKeys: [
          {
            id: apiKeyId,
            algorithm: 'EdDSA',
            publicKey: Buffer.from(publicKey, 'base64'),
            scopes: ['read', 'sign'],
            expiresAtMs: null,
            allowedIps: [],
          },
        ],
        authorities: ['127.0.0.1:8787'],
      },
    };
  },
  'certify-project': ({ nonce }) => ({ certificate: nonce }),
} satisfies Partial<Handlers>;

function sign({ client, rows }: ParsedRequestOf<Contract<'sign-evm-hash'>>) {
  if (client.walletToken === null) throw new OperationError('WALLET_TOKEN_MISSING');
  const said = {
    path: client.path,
    body: Buffer.from(client.body).toString(),
    account: parsed(rows.account.sealed),
  };
  return { status: 200, body: json(said) };
}

const accountHandlers = {
  'create-evm-account': ({ client, existing }) => {
    if (client.walletToken === null) throw new OperationError('WALLET_TOKEN_MISSING');
    if (existing !== null) {
      return { answer: { status: 201, body: json({ address: existing.address }) }, created: null };
    }
    const name = client.body.length === 0 ? null : (parsed(client.body).name ?? null);
    const address = randomAddress();
    return {
      answer: { status: 201, body: json({ address, ...(name !== null && { name }) }) },
      created: {
        account: { version: 1, sealed: json({ address, version: 1 }) },
        vaultId: randomBytes(16),
        walletKey: randomBytes(100),
        view: {
          address,
          name,
          policyId: null,
          createdAtMs: Date.now(),
          updatedAtMs: Date.now(),
          certificate: Uint8Array.of(7),
        },
      },
    };
  },
  'update-evm-account': ({ client, account }) => {
    const { address } = parsed(account.sealed);
    const name = parsed(client.body).name ?? null;
    const version = account.version + 1;
    return {
      answer: { status: 200, body: json({ address, name }) },
      account: { version, sealed: json({ address, version }) },
      view: {
        address,
        name,
        policyId: null,
        createdAtMs: 0,
        updatedAtMs: Date.now(),
        certificate: Uint8Array.of(8),
      },
    };
  },
  'sign-evm-hash': sign,
  'sign-evm-message': sign,
  'sign-evm-typed-data': sign,
  'sign-evm-transaction': sign,
} satisfies Partial<Handlers>;
