import {
  DecryptCommand,
  DescribeKeyCommand,
  GenerateDataKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListGrantsCommand,
} from '@aws-sdk/client-kms';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { Dialer } from '@strongroom/shared/transport/connection';
import { type KmsKeyLocation, locateKey } from '../config.ts';
import type { DataKey, RootWrap } from '../keys/root-record.ts';
import { decryptEnvelopedData } from './enveloped-data.ts';
import { type ImagePcrs, type ReconstructedKeyPolicy, reconstructKeyPolicy } from './key-policy.ts';
import { RelayedTlsAgent } from './kms-agent.ts';
import { translateKmsError } from './kms-error.ts';
import { makeRecipient, type Recipient } from './recipient.ts';

/** Short-lived credentials of the instance role, as the parent handed them over. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly expiresAtMs: number;
}

/** What a data key is bound to; the same at GenerateDataKey and Decrypt. */
export interface KeyPurpose {
  readonly deploymentId: Uint8Array;
  readonly generation: number;
}

export interface KmsOptions {
  /** Opens a byte stream to the endpoint of one key's Region. */
  readonly relay: (location: KmsKeyLocation) => Dialer;
  readonly trustRootsPem: string;
  readonly credentials: () => AwsCredentials | null;
  /** Attests the public key of one call (manifest purpose `kms`). */
  readonly attest: (publicKeySpki: Uint8Array) => Uint8Array;
  readonly instanceRole: string;
  readonly administrator: string;
  readonly ownPcrs: ImagePcrs;
}

/** The three things that the enclave asks of KMS. All throw OperationError KMS_* or CREDENTIALS_MISSING. */
export interface Kms {
  generateDataKey(keyArn: string, purpose: KeyPurpose): Promise<DataKey>;
  decryptDataKey(wrap: RootWrap, purpose: KeyPurpose): Promise<Uint8Array>;
  /** Checks that a key is of the right kind, has no grants, and that its policy is the measured template. */
  checkKey(keyArn: string): Promise<ReconstructedKeyPolicy>;
}

const DATA_KEY_BYTES = 32;
const REQUEST_TIMEOUT_MS = 5000;
/** For one call with its retries: whoever relays the bytes may let them trickle. */
const CALL_DEADLINE_MS = 20_000;

/** Talks to KMS by AWS's bare-bones client over TLS that ends in this process. */
export function createKms(options: KmsOptions): Kms {
  const endpoints = new Map<string, Endpoint>();

  function endpointFor(arn: string): Endpoint {
    const credentials = options.credentials();
    if (credentials === null) throw new OperationError('CREDENTIALS_MISSING');
    const location = locateKey(arn);
    const known = endpoints.get(location.host);
    // AWS's client keeps the first credentials that it gets, so the next ones need another client; connections stay.
    if (known?.credentials === credentials) return known;
    const agent = known?.agent ?? new RelayedTlsAgent(options.relay(location), options.trustRootsPem);
    const endpoint = { agent, credentials, client: createClient(location, { agent, credentials }) };
    endpoints.set(location.host, endpoint);
    return endpoint;
  }

  /** Ends a call that takes too long, with the connections that it hangs on. @throws OperationError KMS_*, CREDENTIALS_MISSING */
  async function call<T>(arn: string, act: (client: KMSClient) => Promise<T>): Promise<T> {
    const { client, agent } = endpointFor(arn);
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        endpoints.delete(locateKey(arn).host);
        agent.destroy();
        reject(new OperationError('KMS_UNREACHABLE'));
      }, CALL_DEADLINE_MS);
    });
    try {
      return await Promise.race([act(client), deadline]);
    } catch (cause) {
      throw translateKmsError(cause);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    generateDataKey: (keyArn, purpose) =>
      call(keyArn, async (client) => {
        const recipient = await makeRecipient(options.attest);
        const answer = await client.send(
          new GenerateDataKeyCommand({
            KeyId: keyArn,
            NumberOfBytes: DATA_KEY_BYTES,
            EncryptionContext: encryptionContext(purpose),
            Recipient: recipient.parameter,
          }),
        );
        const plaintext = openAnswer(answer, keyArn, recipient);
        if (!answer.CiphertextBlob?.length) throw new OperationError('KMS_ANSWER_REFUSED');
        return { keyArn, ciphertextBlob: Uint8Array.from(answer.CiphertextBlob), plaintext };
      }),

    decryptDataKey: (wrap, purpose) =>
      call(wrap.keyArn, async (client) => {
        const recipient = await makeRecipient(options.attest);
        const answer = await client.send(
          new DecryptCommand({
            KeyId: wrap.keyArn,
            CiphertextBlob: wrap.ciphertextBlob,
            EncryptionContext: encryptionContext(purpose),
            Recipient: recipient.parameter,
          }),
        );
        return openAnswer(answer, wrap.keyArn, recipient);
      }),

    checkKey: (keyArn) => call(keyArn, (client) => checkKey(client, keyArn, options)),
  };
}

interface Endpoint {
  readonly agent: RelayedTlsAgent;
  readonly client: KMSClient;
  readonly credentials: AwsCredentials;
}

function createClient(
  { region, host }: KmsKeyLocation,
  { agent, credentials }: Pick<Endpoint, 'agent' | 'credentials'>,
): KMSClient {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return new KMSClient({
    region,
    endpoint: `https://${host}`,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== null && { sessionToken }) },
    maxAttempts: 3,
    requestHandler: {
      httpsAgent: agent,
      connectionTimeout: 3000,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Without it the SDK waits on and warns on a console that nobody reads.
      throwOnRequestTimeout: true,
    },
  });
}

function encryptionContext({ deploymentId, generation }: KeyPurpose): Record<string, string> {
  return {
    'strongroom:deployment': Buffer.from(deploymentId).toString('hex'),
    'strongroom:purpose': 'root-key',
    'strongroom:generation': String(generation),
  };
}

interface RecipientAnswer {
  readonly KeyId?: string | undefined;
  readonly Plaintext?: Uint8Array | undefined;
  readonly CiphertextForRecipient?: Uint8Array | undefined;
}

/** A plaintext in the answer means that KMS did not see our attestation; another key's answer is not an answer. */
function openAnswer(answer: RecipientAnswer, keyArn: string, recipient: Recipient): Uint8Array {
  const { KeyId, Plaintext, CiphertextForRecipient } = answer;
  if (KeyId !== keyArn || Plaintext?.length || !CiphertextForRecipient?.length) {
    throw new OperationError('KMS_ANSWER_REFUSED');
  }
  let plaintext: Uint8Array;
  try {
    plaintext = decryptEnvelopedData(CiphertextForRecipient, recipient);
  } catch (cause) {
    throw new OperationError('KMS_ANSWER_REFUSED', { cause });
  }
  if (plaintext.length !== DATA_KEY_BYTES) throw new OperationError('KMS_ANSWER_REFUSED');
  return plaintext;
}

async function checkKey(
  client: KMSClient,
  keyArn: string,
  options: KmsOptions,
): Promise<ReconstructedKeyPolicy> {
  const [description, policy, grants] = [
    await client.send(new DescribeKeyCommand({ KeyId: keyArn })),
    await client.send(new GetKeyPolicyCommand({ KeyId: keyArn, PolicyName: 'default' })),
    await client.send(new ListGrantsCommand({ KeyId: keyArn, Limit: 1 })),
  ];
  const key = description.KeyMetadata;
  const isRightKind =
    key?.Arn === keyArn &&
    key.Enabled === true &&
    key.KeyState === 'Enabled' &&
    key.Origin === 'AWS_KMS' &&
    key.KeySpec === 'SYMMETRIC_DEFAULT' &&
    key.KeyUsage === 'ENCRYPT_DECRYPT' &&
    key.MultiRegion !== true &&
    key.CustomKeyStoreId === undefined;
  if (!isRightKind || grants.Grants?.length !== 0) throw new OperationError('KMS_KEY_REFUSED');
  const reconstructed = reconstructKeyPolicy(policy.Policy ?? '', {
    instanceRole: options.instanceRole,
    administrator: options.administrator,
    own: options.ownPcrs,
  });
  if (reconstructed === null) throw new OperationError('KMS_KEY_REFUSED');
  return reconstructed;
}
