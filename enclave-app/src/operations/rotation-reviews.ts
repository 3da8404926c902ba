import { createHash, type Hash, randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { AccountRecord } from '../records/account-record.ts';

/** How many accounts were seen, and the digest of them in their order. */
export interface SeenAccounts {
  readonly accounts: number;
  /** 32 bytes. */
  readonly accountsDigest: Uint8Array;
}

/** One pass over all rows of the deployment, in their one order; so nothing counts twice. */
export interface RotationReview {
  readonly id: Uint8Array;
  readonly generation: number;
  readonly startedAtMs: number;
  /** @throws OperationError ROTATION_REFUSED for a project that does not follow the last one */
  enterProject(projectId: Uint8Array): void;
  /** @throws OperationError ROTATION_REFUSED for an account that does not follow the last one */
  see(record: AccountRecord): void;
  leaveProject(): SeenAccounts;
  /** @throws OperationError ROTATION_REFUSED within a project */
  finish(): SeenAccounts & { readonly projects: number };
}

/** The reviews under way; all forgotten when the enclave ends. */
export interface RotationReviews {
  begin(generation: number, nowMs: number): RotationReview;
  /** Takes a review out; it goes back with `keep` when its rows were right. @throws OperationError ROTATION_REFUSED */
  take(id: Uint8Array): RotationReview;
  keep(review: RotationReview): void;
  /** The generation of the last review that was certified. */
  certifiedGeneration: number | null;
}

/** More are not of use; the oldest is forgotten. */
const MAX_REVIEWS = 4;

export function createRotationReviews(): RotationReviews {
  const reviews = new Map<string, RotationReview>();
  return {
    certifiedGeneration: null,
    begin: createReview,
    take(id) {
      const key = Buffer.from(id).toString('hex');
      const review = reviews.get(key);
      if (review === undefined) throw new OperationError('ROTATION_REFUSED');
      reviews.delete(key);
      return review;
    },
    keep(review) {
      if (reviews.size >= MAX_REVIEWS) reviews.delete(reviews.keys().next().value as string);
      reviews.set(Buffer.from(review.id).toString('hex'), review);
    },
  };
}

interface OpenProject {
  readonly id: Uint8Array;
  readonly digest: Hash;
  accounts: number;
  lastKey: string;
}

function createReview(generation: number, startedAtMs: number): RotationReview {
  const digest = createHash('sha256');
  let lastProject: Uint8Array = new Uint8Array(0);
  let project: OpenProject | null = null;
  let projects = 0;
  let accounts = 0;
  return {
    id: randomBytes(16),
    generation,
    startedAtMs,
    enterProject(projectId) {
      if (project !== null && Buffer.compare(project.id, projectId) === 0) return;
      if (project !== null || Buffer.compare(projectId, lastProject) <= 0) throw outOfOrder();
      lastProject = Uint8Array.from(projectId);
      project = { id: lastProject, digest: createHash('sha256'), accounts: 0, lastKey: '' };
    },
    see(record) {
      const key = addressKeyOf(record);
      if (project === null || key <= project.lastKey) throw outOfOrder();
      project.lastKey = key;
      project.accounts += 1;
      for (const part of [Buffer.from(record.address), record.publicKey]) {
        project.digest.update(Uint8Array.of(part.length)).update(part);
      }
    },
    leaveProject() {
      if (project === null) throw outOfOrder();
      const seen = { accounts: project.accounts, accountsDigest: project.digest.digest() };
      digest.update(project.id).update(seen.accountsDigest);
      projects += 1;
      accounts += seen.accounts;
      project = null;
      return seen;
    },
    finish() {
      if (project !== null) throw outOfOrder();
      return { projects, accounts, accountsDigest: digest.digest() };
    },
  };
}

/** Ascending by bytes: EVM addresses in lower case, which all begin with 0, then Solana's, none of which does. */
function addressKeyOf({ family, address }: AccountRecord): string {
  return family === 'evm' ? address.toLowerCase() : address;
}

function outOfOrder(): OperationError {
  return new OperationError('ROTATION_REFUSED');
}
