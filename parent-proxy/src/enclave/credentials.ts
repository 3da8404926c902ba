/** Short-lived credentials of the instance role. They open nothing without the enclave's attestation. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly expiresAtMs: number;
}

/** The chain of sources gave none. Whatever it said of that is not for the log. */
export class CredentialsUnreadable extends Error {
  readonly code = 'CREDENTIALS_UNREADABLE';
}

/** Where the credentials for KMS come from; asked again before they expire. */
export interface CredentialSource {
  read(): Promise<RoleCredentials>;
}

/** Credentials that do not change, as developers have them. */
export function staticCredentials(credentials: Omit<RoleCredentials, 'expiresAtMs'>): CredentialSource {
  return { read: async () => ({ ...credentials, expiresAtMs: Number.MAX_SAFE_INTEGER }) };
}
