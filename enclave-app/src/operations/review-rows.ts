// TRUST BOUNDARY: rows of all projects, as the parent chose to show them.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { certifyRotation } from '@strongroom/shared/operations/certify-rotation';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { reviewRows } from '@strongroom/shared/operations/review-rows';
import { issueRotationCertificate } from '../certificates/rotation-certificate.ts';
import { generationOf } from '../keys/seal.ts';
import type { ReadyService } from '../ready-service.ts';
import type { RotationReview } from './rotation-reviews.ts';

type ReviewRequest = ParsedRequestOf<typeof reviewRows>;

/** Opens every row, requires the generation that seals, and certifies a project after its last one. A refused batch ends the review. */
export function handleReviewRows(
  request: ReviewRequest,
  service: ReadyService,
): ResponseOf<typeof reviewRows> {
  const { reviewId, part } = request;
  const { rotationReviews, deployment, clock, rootKey } = service;
  const { generation } = deployment.roots.current;
  const review =
    reviewId === null ? rotationReviews.begin(generation, clock.nowMs()) : rotationReviews.take(reviewId);
  if (review.generation !== generation) throw new OperationError('ROTATION_REFUSED');
  seeRows(review, request, service);
  const certificate =
    part === 'last'
      ? issueRotationCertificate(deployment, rootKey.describeRoots(), {
          projectId: request.project.projectId,
          projects: 1,
          ...review.leaveProject(),
          startedAtMs: review.startedAtMs,
          completedAtMs: clock.nowMs(),
        })
      : null;
  rotationReviews.keep(review);
  return { reviewId: review.id, certificate };
}

function seeRows(
  review: RotationReview,
  { project: rows, importKey, accounts: presented }: ReviewRequest,
  { projects, accounts, importKeys }: ReadyService,
): void {
  const project = projects.open(rows);
  const blobs = [rows.authority.sealed, rows.clientSecret, ...(importKey === null ? [] : [importKey])];
  assertGeneration(blobs, review.generation);
  if (importKey !== null) importKeys.publicKey(project, importKey);
  review.enterProject(project.projectId);
  for (const { address, account, walletKey } of presented) {
    assertGeneration([account.sealed, walletKey], review.generation);
    const { record } = accounts.open(project, address, account);
    // The seal of a wallet key names the public key, so what opens is the key of this address.
    accounts.withWalletKey(project, record, { untrustedWalletKey: walletKey, use: () => undefined });
    review.see(record);
  }
}

function assertGeneration(blobs: readonly Uint8Array[], generation: number): void {
  if (blobs.some((blob) => generationOf(blob) !== generation)) throw new OperationError('ROTATION_REFUSED');
}

/** Certifies a whole review. */
export function handleCertifyRotation(
  { reviewId }: ParsedRequestOf<typeof certifyRotation>,
  { rotationReviews, deployment, clock, rootKey }: ReadyService,
): ResponseOf<typeof certifyRotation> {
  const { generation } = deployment.roots.current;
  const review =
    reviewId === null ? rotationReviews.begin(generation, clock.nowMs()) : rotationReviews.take(reviewId);
  if (review.generation !== generation) throw new OperationError('ROTATION_REFUSED');
  const certificate = issueRotationCertificate(deployment, rootKey.describeRoots(), {
    projectId: null,
    ...review.finish(),
    startedAtMs: review.startedAtMs,
    completedAtMs: clock.nowMs(),
  });
  rotationReviews.certifiedGeneration = generation;
  return { certificate };
}
