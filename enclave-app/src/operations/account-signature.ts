import type { Approval } from '../policy/approval.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import type { OpenedProject } from '../records/projects.ts';
import { signEd25519 } from '../sign/ed25519.ts';
import { type RecoverableSignature, signSecp256k1 } from '../sign/secp256k1.ts';

/** An account whose record is open and whose sealed key the parent presented. */
export interface SigningAccount {
  readonly project: OpenedProject;
  readonly record: AccountRecord;
  readonly untrustedWalletKey: Uint8Array;
}

// The seal's associated data names curve, vault id and public key of the record, and the record names the address that the client
// signed for: a blob that opens holds that very key, as it was when the enclave derived the one from the other.

/** Spends the approval with the account's key. @throws OperationError SEALED_BLOB_REFUSED */
export function signAsEvmAccount(
  { project, record, untrustedWalletKey }: SigningAccount,
  approval: Approval,
  { accounts, signatures }: ReadyService,
): RecoverableSignature {
  const use = (secretKey: Uint8Array) => signSecp256k1(approval, secretKey);
  const signature = accounts.withWalletKey(project, record, { untrustedWalletKey, use });
  signatures.secp256k1 += 1;
  return signature;
}

/** 64 bytes. @throws OperationError SEALED_BLOB_REFUSED */
export function signAsSolanaAccount(
  { project, record, untrustedWalletKey }: SigningAccount,
  approval: Approval,
  { accounts, signatures }: ReadyService,
): Uint8Array {
  const use = (seed: Uint8Array) => signEd25519(approval, seed);
  const signature = accounts.withWalletKey(project, record, { untrustedWalletKey, use });
  signatures.ed25519 += 1;
  return signature;
}
