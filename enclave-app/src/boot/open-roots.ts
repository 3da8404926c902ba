import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { RootKey } from '../keys/root-keys.ts';
import { type RootRecord, unwrapRoot } from '../keys/root-record.ts';
import type { Kms } from '../kms/kms.ts';

/** A root key, and the KMS key that released it. */
export interface OpenedRoot {
  readonly rootKey: RootKey;
  readonly keyArn: string;
}

export interface RootOpener {
  readonly kms: Kms;
  /** ARNs of the measured configuration; no other key is asked. */
  readonly configuredKeys: readonly string[];
  /** Opened before, so that KMS need not be asked again. */
  readonly known: readonly OpenedRoot[];
}

/**
 * Opens every root key of a record.
 * @throws OperationError ROOT_RECORD_REFUSED, CREDENTIALS_MISSING, KMS_*
 */
export async function openRoots({ body }: RootRecord, opener: RootOpener): Promise<OpenedRoot[]> {
  const opened: OpenedRoot[] = [];
  for (const root of body.roots) {
    const known = opener.known.find(({ rootKey }) => isSameRoot(rootKey, root));
    opened.push(known ?? (await openRoot(body.deploymentId, root, opener)));
  }
  return opened;
}

type WrappedRoot = RootRecord['body']['roots'][number];

function isSameRoot(rootKey: RootKey, { id, generation }: WrappedRoot): boolean {
  return rootKey.generation === generation && Buffer.compare(rootKey.id, id) === 0;
}

/** Tries the wraps in order: any configured KMS key that answers is enough. */
async function openRoot(
  deploymentId: Uint8Array,
  root: WrappedRoot,
  { kms, configuredKeys }: RootOpener,
): Promise<OpenedRoot> {
  let failure: unknown = new OperationError('ROOT_RECORD_REFUSED');
  for (const wrap of root.wraps) {
    if (!configuredKeys.includes(wrap.keyArn)) continue;
    try {
      await kms.checkKey(wrap.keyArn);
      const dataKey = await kms.decryptDataKey(wrap, { deploymentId, generation: root.generation });
      const rootKey = unwrapRoot(deploymentId, root, { wrap, dataKey });
      dataKey.fill(0);
      return { rootKey, keyArn: wrap.keyArn };
    } catch (error) {
      const isForeign = error instanceof OperationError && error.code === 'SEALED_BLOB_REFUSED';
      failure = isForeign ? new OperationError('ROOT_RECORD_REFUSED') : error;
    }
  }
  throw failure;
}
