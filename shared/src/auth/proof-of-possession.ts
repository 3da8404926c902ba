const CONTEXTS = {
  /** Over the key's id, UTF-8: the public key is what the proof is verified with. */
  'api-key': 'strongroom/api-key-proof/v1',
  'wallet-secret': 'strongroom/wallet-secret-proof/v1',
  'recovery-key': 'strongroom/recovery-key-proof/v1',
} as const;

/** What a new key of a project signs to show that somebody has it: context || project id(32) || public key or id. */
export function proofMessage(
  kind: keyof typeof CONTEXTS,
  projectId: Uint8Array,
  publicKeyOrId: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const context = new TextEncoder().encode(CONTEXTS[kind]);
  const message = new Uint8Array(context.length + projectId.length + publicKeyOrId.length);
  message.set(context, 0);
  message.set(projectId, context.length);
  message.set(publicKeyOrId, context.length + projectId.length);
  return message;
}
