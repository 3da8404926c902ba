// A KMS simulator with a key in two Regions, an attested enclave to call it, and AWS's own client in between.
import { Buffer } from 'node:buffer';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DecryptCommand,
  type DecryptCommandInput,
  GenerateDataKeyCommand,
  type GenerateDataKeyCommandInput,
  KMSClient,
} from '@aws-sdk/client-kms';
import { decryptEnvelopedData } from '../../../enclave-app/src/kms/enveloped-data.ts';
import {
  type KmsSimulator,
  type KmsSimulatorOptions,
  startKmsSimulator,
} from '../../src/kms/kms-simulator.ts';
import type { KmsCredential } from '../../src/kms/principal.ts';
import { type NsmPki, openNsmPki } from '../../src/nsm/nsm-pki.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';

export const ACCOUNT = '111122223333';
const REGION = 'us-east-1';
export const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/00000000-0000-4000-8000-000000000001`;
export const OTHER_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/00000000-0000-4000-8000-000000000002`;
export const WEST_KEY = `arn:aws:kms:us-west-2:${ACCOUNT}:key/00000000-0000-4000-8000-000000000003`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/parent`;
const ADMINISTRATOR = 'arn:aws:iam::444455556666:user/administrator';
export const PARENT: KmsCredential = {
  accessKeyId: 'ASIAPARENT',
  secretAccessKey: 'parent',
  sessionToken: 'token',
  principalArn: ROLE,
};
export const ADMIN: KmsCredential = {
  accessKeyId: 'AKIAADMIN',
  secretAccessKey: 'admin',
  principalArn: ADMINISTRATOR,
};
export const PCRS = {
  pcr0: new Uint8Array(48).fill(0xa0),
  pcr1: new Uint8Array(48).fill(0xb1),
  pcr2: new Uint8Array(48).fill(0xc2),
};
export const CONTEXT = { deployment: 'd', generation: '1' };
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const PUBLIC_KEY_SPKI = publicKey.export({ type: 'spki', format: 'der' });

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ATTESTED_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];

/** As the product's: attested use only, Encrypt denied, the policy kept by another account. */
export function keyPolicy(actions: readonly string[] = ATTESTED_ACTIONS) {
  const everybody = { Effect: 'Deny', Principal: '*', Resource: '*' };
  const notImage = (pcr: string, value: Uint8Array) => ({
    ...everybody,
    Action: ATTESTED_ACTIONS,
    Condition: { StringNotEqualsIgnoreCase: { [`kms:RecipientAttestation:${pcr}`]: [hex(value)] } },
  });
  const allow = (principal: string, names: readonly string[]) => ({
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: names,
    Resource: '*',
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow(ADMINISTRATOR, ['kms:PutKeyPolicy', 'kms:GetKeyPolicy']),
      allow(ROLE, ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants', ...actions]),
      { ...everybody, Action: ['kms:Encrypt', 'kms:ReEncrypt*'] },
      notImage('PCR0', PCRS.pcr0),
      notImage('PCR1', PCRS.pcr1),
      notImage('PCR2', PCRS.pcr2),
    ],
  };
}

interface ClientOptions {
  readonly region?: string;
  readonly ca?: string;
  readonly port?: number;
}
type LookupCallback = (error: null, addresses: { address: string; family: number }[]) => void;
const toLoopback = (_: string, __: object, done: LookupCallback) =>
  done(null, [{ address: '127.0.0.1', family: 4 }]);

export class KmsRig {
  readonly directory = mkdtempSync(join(tmpdir(), 'kms-'));
  readonly pki: NsmPki = openNsmPki(this.directory);
  readonly nsm = startNsmSimulator({ pki: this.pki, measurements: PCRS });
  #simulator: KmsSimulator | null = null;

  get simulator(): KmsSimulator {
    if (!this.#simulator) throw new Error('the rig is not open');
    return this.#simulator;
  }

  async open(): Promise<void> {
    this.#simulator = await this.start();
    for (const arn of [KEY, OTHER_KEY, WEST_KEY]) this.simulator.createKey({ arn, policy: keyPolicy() });
  }

  async close(): Promise<void> {
    await this.simulator.close();
    rmSync(this.directory, { recursive: true });
  }

  /** Takes back what a test changed. */
  reset(): void {
    this.simulator.setPolicy(KEY, keyPolicy());
    Object.assign(this.simulator.faults, {
      outage: false,
      latencyMs: 0,
      contentForm: 'chunked',
      tamper: null,
    });
  }

  /** Another simulator over the same directory. */
  start(change: Partial<KmsSimulatorOptions> = {}): Promise<KmsSimulator> {
    const { directory, pki } = this;
    return startKmsSimulator({
      directory,
      credentials: [PARENT, ADMIN],
      nsmRoots: [pki.rootCertificate],
      ...change,
    });
  }

  /** AWS's client, which reaches the simulator under the name of the Region's endpoint. */
  client(
    credential: KmsCredential = PARENT,
    { region = REGION, ca = this.simulator.caPem, port = this.simulator.port }: ClientOptions = {},
  ) {
    const { accessKeyId, secretAccessKey, sessionToken } = credential;
    return new KMSClient({
      region,
      maxAttempts: 1,
      endpoint: `https://kms.${region}.amazonaws.com:${port}`,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
      requestHandler: { httpsAgent: { ca, lookup: toLoopback } },
    });
  }

  attest(publicKeySpki: Uint8Array | null = PUBLIC_KEY_SPKI, from = this.nsm): Uint8Array {
    return from.attestation({ publicKey: publicKeySpki, userData: null, nonce: null });
  }

  recipient(document = this.attest()) {
    return { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: document } as const;
  }

  generateDataKey(change: Partial<GenerateDataKeyCommandInput> = {}, client = this.client()) {
    const input = { KeyId: KEY, NumberOfBytes: 32, EncryptionContext: CONTEXT, Recipient: this.recipient() };
    return client.send(new GenerateDataKeyCommand({ ...input, ...change }));
  }

  /** Decrypts a fresh data key, or the blob given. */
  async decrypt(change: Partial<DecryptCommandInput> = {}, client = this.client()) {
    const CiphertextBlob = change.CiphertextBlob ?? (await this.generateDataKey()).CiphertextBlob;
    const input = { KeyId: KEY, EncryptionContext: CONTEXT, Recipient: this.recipient() };
    return client.send(new DecryptCommand({ ...input, ...change, CiphertextBlob }));
  }
}

/** Opens an answer with the private key of the attested recipient. */
export function opened(ciphertextForRecipient: Uint8Array | undefined): Uint8Array {
  if (!ciphertextForRecipient) throw new Error('no CiphertextForRecipient');
  return decryptEnvelopedData(ciphertextForRecipient, { privateKey, publicKeySpki: PUBLIC_KEY_SPKI });
}

/** Name of the error that a call ends with, or `none`. */
export function nameOfRefusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'none',
    (error: Error) => error.name,
  );
}
