import * as v from 'valibot';
import { passkeyAssertion } from './factor-body.ts';

/** The fragment of the factor page's link: base64url of this in JSON. Whoever makes it has verified the enclave; no server sees it. */
export interface FactorPageTask {
  /** `enrol` makes a passkey and has it sign; `confirm` has one sign. */
  readonly action: 'enrol' | 'confirm';
  /** What the owner is told. */
  readonly what: string;
  readonly rpId: string;
  /** base64url, 32 bytes. */
  readonly webauthnChallenge: string;
  /** The enclave's, which goes back with the assertion; base64url. */
  readonly challenge: string;
  /** The project's id, base64url. */
  readonly userId: string;
  /** base64url: those that may sign, or that are not to be made again. */
  readonly credentialIds: readonly string[];
}

const factorPageResult = v.strictObject({
  /** Of an enrolment: SubjectPublicKeyInfo, DER, base64. */
  publicKey: v.optional(v.string()),
  assertion: passkeyAssertion,
});
export type FactorPageResult = v.InferOutput<typeof factorPageResult>;

/** Reads what the page shows, base64 of JSON; null for anything else. */
export function parseFactorPageResult(text: string): FactorPageResult | null {
  try {
    const parsed = v.safeParse(factorPageResult, JSON.parse(atob(text)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
