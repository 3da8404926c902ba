import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_RELAY } from '@strongroom/chain-relay/relay-config';
import { type Logger, pino } from 'pino';
import type { ProxyConfig } from '../src/config.ts';
import { type CredentialSource, staticCredentials } from '../src/enclave/credentials.ts';
import { Secret } from '../src/secrets.ts';
import { type ParentProxy, startProxy } from '../src/start-proxy.ts';
import { openStore } from '../src/store/open-store.ts';
import type { NewProject, Store } from '../src/store/store.ts';
import { type FakeEnclave, startFakeEnclave } from './fake-enclave.ts';
import { newProject } from './store/store-fixtures.ts';

export const ENROLMENT_TOKEN = 'enrolment-token-of-the-operator-0001';

export interface ApiKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

/** A proxy over a store in a new directory and a fake enclave, ready, with one project. */
export interface ProxyFixture extends AsyncDisposable {
  readonly proxy: ParentProxy;
  readonly store: Store;
  readonly enclave: FakeEnclave;
  readonly apiKey: ApiKey;
  readonly projectId: Uint8Array;
  readonly directory: string;
  readonly logLines: string[];
  readonly url: string;
  /** Sends a request as the SDK does: with a bearer token, and a wallet token where one is due. */
  send(method: string, path: string, options?: SendOptions): Promise<Reply>;
  /** What Prometheus would read now. */
  metrics(): Promise<string>;
}

export interface SendOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null sends none. */
  readonly bearer?: string | null;
  readonly walletToken?: string | null;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly json: any;
}

export interface FixtureOptions {
  readonly config?: Partial<ProxyConfig>;
  readonly credentials?: CredentialSource;
  readonly wrapStore?: (store: Store) => Store;
  /** Whether the enclave has to be supplied at first. */
  readonly isSupplied?: boolean;
  readonly nowMs?: () => number;
}

export async function startFixture({
  config = {},
  credentials = staticCredentials({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: null }),
  wrapStore = (store) => store,
  isSupplied = true,
  nowMs = Date.now,
}: FixtureOptions = {}): Promise<ProxyFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-proxy-'));
  const opened = await openStore({ engine: 'sqlite', directory });
  await opened.insertRootRecordIfAbsent(Uint8Array.of(0xa0));
  const { apiKey, projectId } = await addProject(opened);
  const store = wrapStore(opened);
  const enclave = await startFakeEnclave();
  const { log, logLines } = memoryLog();
  const proxy = await startProxy({
    config: {
      host: '127.0.0.1',
      port: 0,
      authorities: null,
      enrolmentTokens: [new Secret(ENROLMENT_TOKEN)],
      rateLimits: { perKey: 1_000_000, perProject: 1_000_000 },
      trustedProxies: [],
      relay: NO_RELAY,
      metrics: { host: '127.0.0.1', port: 0 },
      ...config,
    },
    store,
    dialer: enclave.dialer,
    credentials,
    log,
    nowMs,
  });
  if (isSupplied) await proxy.enclave.settle();
  enclave.calls.length = 0;
  const url = `http://127.0.0.1:${proxy.port}`;
  return {
    proxy,
    store,
    enclave,
    apiKey,
    projectId,
    directory,
    logLines,
    url,
    send: (method, path, options) => send({ url, apiKey }, { method, path, ...options }),
    metrics: async () => await (await fetch(`http://127.0.0.1:${proxy.metricsPort}/metrics`)).text(),
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await enclave.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Adds a project with one API key. `changes` are made to the key. */
export async function addProject(
  store: Store,
  changes: Partial<NewProject['view']['apiKeys'][number]> = {},
): Promise<{ apiKey: ApiKey; projectId: Uint8Array }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const project = newProject(undefined, publicKey.export({ format: 'der', type: 'spki' }));
  const apiKeys = project.view.apiKeys.map((apiKey) => ({ ...apiKey, ...changes }));
  await store.addProject({ ...project, view: { ...project.view, apiKeys } });
  return { apiKey: { id: apiKeys[0]?.id ?? '', privateKey }, projectId: project.rows.projectId };
}

/** A bearer token as the SDK makes it; `claims` replaces what a test wants wrong. */
export function bearerToken(apiKey: ApiKey, uri: string, claims: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const segment = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: 'EdDSA', kid: apiKey.id, typ: 'JWT', nonce: randomBytes(16).toString('hex') };
  const body = { sub: apiKey.id, iss: 'cdp', uris: [uri], iat: now, nbf: now, exp: now + 120, ...claims };
  const input = `${segment(header)}.${segment(body)}`;
  return `${input}.${sign(null, Buffer.from(input), apiKey.privateKey).toString('base64url')}`;
}

async function send(
  { url, apiKey }: { readonly url: string; readonly apiKey: ApiKey },
  {
    method,
    path,
    body,
    headers = {},
    bearer,
    walletToken = 'wallet.token',
  }: SendOptions & { method: string; path: string },
): Promise<Reply> {
  const authority = url.slice('http://'.length);
  const token =
    bearer === undefined ? bearerToken(apiKey, `${method} ${authority}${path.split('?')[0]}`) : bearer;
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && { body }),
    headers: {
      'content-type': 'application/json',
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(method !== 'GET' && walletToken !== null && { 'x-wallet-auth': walletToken }),
      ...headers,
    },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: jsonOrNull(text) };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function memoryLog(): { log: Logger; logLines: string[] } {
  const logLines: string[] = [];
  return { log: pino({ base: null }, { write: (line: string) => void logLines.push(line) }), logLines };
}
