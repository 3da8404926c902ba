/** A verdict that lets an operation go on; policy/evaluate.ts makes them. */
export interface Acceptance {
  readonly kind: 'accept';
}

/** Binds an acceptance to the bytes that it was given for; they are copied. */
export let approve: (verdict: Acceptance, payload: Uint8Array) => Approval;
/**
 * Spends an approval and returns its bytes.
 * @throws Error when it was spent before
 */
export let redeem: (approval: Approval) => Uint8Array;

/**
 * Permission to sign exactly one digest or message, once. Only `approve` makes one, and only from an acceptance, so no code path
 * reaches a key without a verdict on the very bytes that it signs.
 */
export class Approval {
  #payload: Uint8Array | null;

  private constructor(payload: Uint8Array) {
    this.#payload = Uint8Array.from(payload);
  }

  static {
    approve = (_verdict, payload) => new Approval(payload);
    redeem = (approval) => {
      const payload = approval.#payload;
      if (payload === null) throw new Error('approval already spent');
      approval.#payload = null;
      return payload;
    };
  }
}
