import {
  addPasskeyBody,
  addTotpBody,
  factorChallengeBody,
  passkeyBody,
  setFactorRequirementsBody,
  setRecoveryCodesBody,
} from '@strongroom/shared/api/factor-body';
import * as v from 'valibot';
import type { ProjectRoute, Route } from './route.ts';
import { serveFactorPage, serveFactorScript } from './routes/factor-page.ts';
import {
  addNewPasskey,
  addNewTotp,
  giveFactorChallenge,
  removeExistingPasskey,
  removeExistingTotp,
  replaceFactorRequirements,
  replaceRecoveryCodes,
} from './routes/factors.ts';

const FACTORS = '/v2/enclave/factors';
const OWNER = { auth: 'wallet', scope: 'sign' } as const;
const NO_BODY = { status: 204, body: null } as const;
const REFUSALS = [400, 403, 404, 429] as const;

/** What an owner does about the second factors of a project. */
export const FACTOR_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v2/enclave/factor-challenges',
    auth: 'none',
    handle: giveFactorChallenge,
    contract: {
      operationId: 'getFactorChallenge',
      summary:
        "The enclave's certificate of the project's second factors and of a challenge for one, over the nonce.",
      body: factorChallengeBody,
      success: { status: 200, body: v.strictObject({ certificate: v.string() }) },
      refusals: [404],
    },
  },
  {
    ...OWNER,
    method: 'POST',
    path: `${FACTORS}/passkeys`,
    handle: addNewPasskey,
    contract: {
      operationId: 'addPasskey',
      summary: 'Adds a passkey that proves that it exists.',
      body: addPasskeyBody,
      isIdempotent: true,
      success: { status: 201, body: passkeyBody },
      refusals: REFUSALS,
    },
  },
  removal(`${FACTORS}/passkeys/:passkeyId`, removeExistingPasskey, {
    operationId: 'removePasskey',
    summary: 'Removes a passkey; the last factor stays while something requires one.',
  }),
  {
    ...OWNER,
    method: 'POST',
    path: `${FACTORS}/totp`,
    handle: addNewTotp,
    contract: {
      operationId: 'addTotp',
      summary: "Adds a TOTP secret that is encrypted to the project's import key.",
      body: addTotpBody,
      isIdempotent: true,
      success: NO_BODY,
      refusals: REFUSALS,
    },
  },
  removal(`${FACTORS}/totp`, removeExistingTotp, {
    operationId: 'removeTotp',
    summary: 'Removes the TOTP secret; the last factor stays while something requires one.',
  }),
  {
    ...OWNER,
    method: 'PUT',
    path: `${FACTORS}/recovery-codes`,
    handle: replaceRecoveryCodes,
    contract: {
      operationId: 'setRecoveryCodes',
      summary: 'Replaces the digests of all recovery codes.',
      body: setRecoveryCodesBody,
      isIdempotent: true,
      success: NO_BODY,
      refusals: REFUSALS,
    },
  },
  {
    ...OWNER,
    method: 'PUT',
    path: `${FACTORS}/requirements`,
    handle: replaceFactorRequirements,
    contract: {
      operationId: 'setFactorRequirements',
      summary: 'Sets what the project requires a second factor for; a requirement that goes needs one.',
      body: setFactorRequirementsBody,
      isIdempotent: true,
      success: NO_BODY,
      refusals: REFUSALS,
    },
  },
];

/** The page on which an owner uses a passkey. */
export const FACTOR_PAGE_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/factors', auth: 'none', handle: serveFactorPage, contract: null },
  { method: 'GET', path: '/factors.js', auth: 'none', handle: serveFactorScript, contract: null },
];

function removal(
  path: string,
  handle: ProjectRoute['handle'],
  said: { readonly operationId: string; readonly summary: string },
): Route {
  const contract = { ...said, isIdempotent: true, success: NO_BODY, refusals: REFUSALS };
  return { ...OWNER, method: 'DELETE', path, handle, contract };
}
