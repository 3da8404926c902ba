import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { KeyStore } from './key-store.ts';
import { handleKmsRequest, type KmsFaults, type KmsServerState } from './kms-server.ts';
import { OPERATIONS, type OperationName } from './operations.ts';
import { parsePolicy } from './policy-document.ts';
import { type KmsCredential, principalOf } from './principal.ts';
import { recipientVerifier } from './recipient-attestation.ts';
import { openTlsAuthority } from './tls-authority.ts';

export interface KmsSimulatorOptions {
  /** Holds the keys and the certificate authority of TLS; made when absent. */
  readonly directory: string;
  readonly credentials: Iterable<KmsCredential>;
  /** Roots, in DER, of the attestation documents that are believed. */
  readonly nsmRoots: readonly Uint8Array[];
  /** For signatures, sessions and attestation documents; TLS goes by the machine's clock. */
  readonly now?: () => number;
  /** TCP port on 127.0.0.1; 0 (the default) takes a free one. */
  readonly port?: number;
  /** Also believes the unsigned documents of QEMU's nitro-enclave machine, which anybody can make. Off by default. */
  readonly acceptUnsignedEmulationDocuments?: boolean;
}

/** A key policy, as JSON or as an object to be written as JSON. */
type KeyPolicyInput = string | object;

export interface KmsSimulator {
  readonly port: number;
  /** Certificate authority of `kms.<region>.amazonaws.com`, `localhost` and 127.0.0.1 here. */
  readonly caPem: string;
  /** Requests read so far, per operation. */
  readonly requests: Readonly<Record<OperationName, number>>;
  readonly faults: KmsFaults;
  hasKey(arn: string): boolean;
  /** Makes an AES-256 key; the Region and account are the ARN's. @throws when it exists, or for a malformed policy */
  createKey(key: { arn: string; policy: KeyPolicyInput }): void;
  /** Replaces a key policy without asking the present one. */
  setPolicy(arn: string, policy: KeyPolicyInput): void;
  /** Adds a credential, or replaces the one with the same access key id. */
  addCredential(credential: KmsCredential): void;
  close(): Promise<void>;
}

/**
 * Starts a key management service in the place of AWS KMS: JSON 1.1 over TLS, Signature Version 4, key policies with the condition
 * keys of attestation, `Recipient` by the production verifier. Keys of all Regions and accounts live on the one server.
 */
export async function startKmsSimulator(options: KmsSimulatorOptions): Promise<KmsSimulator> {
  const { directory, now = Date.now, nsmRoots, acceptUnsignedEmulationDocuments = false } = options;
  const tls = openTlsAuthority(directory);
  const keys = new KeyStore(join(directory, 'keys'));
  const credentials = new Map<string, KmsCredential>();
  const addCredential = (credential: KmsCredential): void => {
    principalOf(credential);
    credentials.set(credential.accessKeyId, credential);
  };
  for (const credential of options.credentials) addCredential(credential);
  const state: KmsServerState = {
    keys,
    credentials,
    verifyRecipient: recipientVerifier({ roots: nsmRoots, acceptUnsignedEmulationDocuments }),
    now,
    faults: { outage: false, latencyMs: 0, contentForm: 'chunked', tamper: null },
    requests: noRequests(),
  };
  const server = createServer(
    {
      ...tls.local,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, done) => done(null, tls.contextFor(name)),
    },
    (request, response) => void handleKmsRequest(state, request, response),
  );
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    caPem: tls.caPem,
    requests: state.requests,
    faults: state.faults,
    hasKey: (arn) => keys.get(arn) !== undefined,
    createKey: ({ arn, policy }) => keys.create(arn, policyJson(policy), now()),
    setPolicy: (arn, policy) => keys.setPolicy(arn, policyJson(policy)),
    addCredential,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function noRequests(): Record<OperationName, number> {
  const counters = Object.keys(OPERATIONS).map((name) => [name, 0]);
  return Object.fromEntries(counters) as Record<OperationName, number>;
}

function policyJson(policy: KeyPolicyInput): string {
  const json = typeof policy === 'string' ? policy : JSON.stringify(policy);
  parsePolicy(json);
  return json;
}
