import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ProjectRows, SealedRecord } from '@strongroom/shared/operations/fields';
import type { ProjectKeys, RootKeys } from '../keys/root-keys.ts';
import type { Deployment } from '../keys/root-record.ts';
import { reseal, seal, unseal } from '../keys/seal.ts';
import {
  type AuthorityRecord,
  type Digested,
  decodeAuthorityRecord,
  encodeAuthorityRecord,
} from './authority-record.ts';
import type { RecordMarks } from './record-marks.ts';

/** A project whose rows opened: its authority record and the keys of its wallets. */
export interface OpenedProject {
  readonly projectId: Uint8Array;
  readonly authority: Digested<AuthorityRecord>;
  readonly keys: ProjectKeys;
}

/** Opens projects from rows that the parent presents. */
export interface Projects {
  /**
   * @throws OperationError SEALED_BLOB_REFUSED, RECORD_MISMATCH, RECORD_OLDER_VERSION, RECORD_FORKED, MARK_TABLE_FULL
   */
  open(untrustedRows: ProjectRows): OpenedProject;
  /** Seals a project's rows under the root key that seals now: same bytes, same version, same digest. @throws as `open` */
  reseal(untrustedRows: ProjectRows): { readonly authority: Uint8Array; readonly clientSecret: Uint8Array };
  sealAuthority(record: AuthorityRecord): SealedRecord;
  sealClientSecret(projectId: Uint8Array, clientSecret: Uint8Array): Uint8Array;
}

const MAX_CACHED_PROJECTS = 1024;
const CLIENT_SECRET_VERSION = 1;

interface CachedProject {
  readonly rows: ProjectRows;
  /** Those that the project's keys were made of: a rotation makes others, and a retired one opens nothing more. */
  readonly roots: RootKeys;
  readonly project: OpenedProject;
}

/** Keeps the last projects opened, each as long as byte-identical rows are presented. */
export function createProjects(deployment: Deployment, marks: RecordMarks): Projects {
  const cache = new Map<string, CachedProject>();

  function open(rows: ProjectRows): OpenedProject {
    const { projectId, authority, clientSecret } = rows;
    const sealed = unseal(
      deployment.roots.ofGeneration,
      authorityContext(projectId, authority.version),
      authority.sealed,
    );
    const opened = decodeAuthorityRecord(sealed);
    const isConsistent =
      opened.record.version === authority.version && Buffer.from(opened.record.projectId).equals(projectId);
    if (!isConsistent) throw new OperationError('RECORD_MISMATCH');
    const secret = unseal(deployment.roots.ofGeneration, clientSecretContext(projectId), clientSecret);
    const keys = deployment.roots.withClientSecret(secret);
    secret.fill(0);
    // Last, so that a mark never runs ahead of the cache: what is cached is the newest that was presented.
    marks.present(keyOf(projectId), authority.version, opened.digest);
    return { projectId: Uint8Array.from(projectId), authority: opened, keys };
  }

  const authorityContext = (projectId: Uint8Array, version: number) =>
    ({ kind: 'authority', deploymentId: deployment.id, projectId, objectId: projectId, version }) as const;
  const clientSecretContext = (projectId: Uint8Array) =>
    ({
      kind: 'client-secret',
      deploymentId: deployment.id,
      projectId,
      objectId: projectId,
      version: CLIENT_SECRET_VERSION,
    }) as const;

  return {
    open(rows) {
      const key = keyOf(rows.projectId);
      const cached = cache.get(key);
      const { roots } = deployment;
      if (cached?.roots === roots && isSameRows(cached.rows, rows)) return cached.project;
      const project = open(rows);
      cache.delete(key);
      if (cache.size >= MAX_CACHED_PROJECTS) cache.delete(cache.keys().next().value as string);
      cache.set(key, { rows: copyRows(rows), roots, project });
      return project;
    },
    reseal({ projectId, authority, clientSecret }) {
      const context = authorityContext(projectId, authority.version);
      return {
        authority: reseal(deployment.roots, context, authority.sealed),
        clientSecret: reseal(deployment.roots, clientSecretContext(projectId), clientSecret),
      };
    },
    sealAuthority: (record) => ({
      version: record.version,
      sealed: seal(
        deployment.roots.sealing,
        authorityContext(record.projectId, record.version),
        encodeAuthorityRecord(record),
      ),
    }),
    sealClientSecret: (projectId, clientSecret) =>
      seal(deployment.roots.sealing, clientSecretContext(projectId), clientSecret),
  };
}

function keyOf(projectId: Uint8Array): string {
  return Buffer.from(projectId.buffer, projectId.byteOffset, projectId.length).toString('latin1');
}

function isSameRows(a: ProjectRows, b: ProjectRows): boolean {
  return (
    a.authority.version === b.authority.version &&
    Buffer.compare(a.authority.sealed, b.authority.sealed) === 0 &&
    Buffer.compare(a.clientSecret, b.clientSecret) === 0
  );
}

/** The rows are views into a frame; a cache must not keep the frame alive. */
function copyRows({ projectId, authority, clientSecret }: ProjectRows): ProjectRows {
  return {
    projectId: Uint8Array.from(projectId),
    authority: { version: authority.version, sealed: Uint8Array.from(authority.sealed) },
    clientSecret: Uint8Array.from(clientSecret),
  };
}
