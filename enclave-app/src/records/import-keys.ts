// TRUST BOUNDARY: sealed import keys as the parent's store returns them, ciphertexts as it relays them.
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { Deployment } from '../keys/root-record.ts';
import { reseal, seal, unseal } from '../keys/seal.ts';
import type { OpenedProject } from './projects.ts';

const makeKeyPair = promisify(generateKeyPair);
const MODULUS_BITS = 4096;
const IMPORT_KEY_VERSION = 1;
const MAX_CACHED_KEYS = 64;

/** The RSA keys to which the clients of a project encrypt what they import. */
export interface ImportKeys {
  /**
   * Makes one, off the event loop and shared by those who ask for the same project meanwhile, and seals it under the project's keys.
   * @param open opens the project, and again once the key is made: another root key may seal by then
   */
  make(open: () => OpenedProject): Promise<Uint8Array>;
  /** Seals the key under the root key that seals now. @throws OperationError SEALED_BLOB_REFUSED */
  reseal(project: OpenedProject, untrustedKey: Uint8Array): Uint8Array;
  /** SubjectPublicKeyInfo, DER. @throws OperationError SEALED_BLOB_REFUSED */
  publicKey(project: OpenedProject, untrustedKey: Uint8Array): Uint8Array;
  /**
   * Decrypts RSA-OAEP with SHA-256 (RFC 8017 section 7.1). The label, empty for wallet keys, is a part of the padding: what was encrypted
   * for one purpose cannot be taken for another.
   * @throws OperationError INVALID_REQUEST, one and the same for whatever is wrong
   */
  decrypt(
    project: OpenedProject,
    untrustedKey: Uint8Array,
    encrypted: { readonly ciphertext: Uint8Array; readonly label?: Uint8Array },
  ): Uint8Array;
}

export function createImportKeys(deployment: Deployment): ImportKeys {
  const cache = new Map<string, KeyObject>();
  const making = new Map<string, Promise<KeyObject>>();
  let cachedUnder = deployment.roots;
  const context = ({ projectId }: OpenedProject) =>
    ({
      kind: 'import-key',
      deploymentId: deployment.id,
      projectId,
      objectId: projectId,
      version: IMPORT_KEY_VERSION,
    }) as const;

  function open(project: OpenedProject, untrustedKey: Uint8Array): KeyObject {
    const cacheKey =
      Buffer.from(untrustedKey).toString('latin1') + Buffer.from(project.projectId).toString('latin1');
    // A key that only a retired root key opens must not stay open here.
    if (cachedUnder !== deployment.roots) cache.clear();
    cachedUnder = deployment.roots;
    let key = cache.get(cacheKey);
    if (key === undefined) {
      const der = unseal(project.keys.ofGeneration, context(project), untrustedKey);
      key = createPrivateKey({
        key: Buffer.from(der.buffer, der.byteOffset, der.length),
        format: 'der',
        type: 'pkcs8',
      });
      der.fill(0);
      if (cache.size >= MAX_CACHED_KEYS) cache.clear();
      cache.set(cacheKey, key);
    }
    return key;
  }

  /** One at a time for a project: those who ask meanwhile would keep every thread busy with keys of which one counts. */
  function makeOne({ projectId }: OpenedProject): Promise<KeyObject> {
    const name = Buffer.from(projectId).toString('latin1');
    const underWay = making.get(name);
    if (underWay) return underWay;
    const key = makeKeyPair('rsa', { modulusLength: MODULUS_BITS, publicExponent: 65_537 })
      .then(({ privateKey }) => privateKey)
      .finally(() => making.delete(name));
    making.set(name, key);
    return key;
  }

  return {
    async make(open) {
      const privateKey = await makeOne(open());
      const project = open();
      const der = privateKey.export({ format: 'der', type: 'pkcs8' });
      const sealed = seal(project.keys.sealing, context(project), der);
      der.fill(0);
      return sealed;
    },
    reseal: (project, untrustedKey) => reseal(project.keys, context(project), untrustedKey),
    publicKey: (project, untrustedKey) =>
      createPublicKey(open(project, untrustedKey)).export({ format: 'der', type: 'spki' }),
    decrypt(project, untrustedKey, { ciphertext, label }) {
      const key = open(project, untrustedKey);
      try {
        return privateDecrypt(
          {
            key,
            padding: constants.RSA_PKCS1_OAEP_PADDING,
            oaepHash: 'sha256',
            ...(label !== undefined && { oaepLabel: label }),
          },
          ciphertext,
        );
      } catch (cause) {
        throw invalidImport(cause);
      }
    },
  };
}

/** Said for a wrong ciphertext, a wrong length and a wrong key alike. */
export function invalidImport(cause?: unknown): OperationError {
  return new OperationError('INVALID_REQUEST', {
    cause,
    clientMessage: 'The encrypted private key is invalid.',
  });
}
