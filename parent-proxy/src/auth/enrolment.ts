// TRUST BOUNDARY: the enrolment token in the Authorization header, from whoever wants to create a project.
import { hash, timingSafeEqual } from 'node:crypto';
import { bearerTokenOf } from '@strongroom/shared/auth/bearer-token';
import { RequestError } from '../request-error.ts';
import type { Secret } from '../secrets.ts';

/** @throws RequestError BEARER_REFUSED */
export type AdmitEnrolment = (authorization: string | undefined) => void;

/** Admits whoever has one of the operator's enrolment tokens; without any, project creation is closed. */
export function createAdmitEnrolment(tokens: readonly Secret[]): AdmitEnrolment {
  const digests = tokens.map((token) => digestOf(token.reveal()));
  return (authorization) => {
    const digest = digestOf(bearerTokenOf(authorization) ?? '');
    // Each is compared in full, so the time tells neither which token nor how much of it was right.
    const matches = digests.filter((expected) => timingSafeEqual(expected, digest));
    if (matches.length === 0) throw new RequestError('BEARER_REFUSED');
  };
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
