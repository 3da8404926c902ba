import { OperationError } from '@strongroom/shared/channel/operation-error';
import { SOLANA_KEYS } from '../keys/chain-key.ts';
import type { Approval } from '../policy/approval.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AccountRecord } from '../records/account-record.ts';
import type { OpenedProject } from '../records/projects.ts';
import { signEd25519 } from '../sign/ed25519.ts';
import { type RecoverableSignature, secp256k1PublicKey, signSecp256k1 } from '../sign/secp256k1.ts';

/** An account whose record is open and whose sealed key the parent presented. */
export interface SigningAccount {
  readonly project: OpenedProject;
  readonly record: AccountRecord;
  readonly untrustedWalletKey: Uint8Array;
}

/** Spends the approval with the account's key. @throws OperationError SEALED_BLOB_REFUSED, RECORD_MISMATCH */
export function signAsEvmAccount(
  { project, record, untrustedWalletKey }: SigningAccount,
  approval: Approval,
  { accounts }: ReadyService,
): RecoverableSignature {
  return accounts.withWalletKey(project, record, {
    untrustedWalletKey,
    use: (secretKey) => {
      // The key that came out of the vault must be the one whose address the client named; the sealed record has both.
      if (Buffer.compare(secp256k1PublicKey(secretKey, true), record.publicKey) !== 0)
        throw new OperationError('RECORD_MISMATCH');
      return signSecp256k1(approval, secretKey);
    },
  });
}

/** 64 bytes. @throws OperationError SEALED_BLOB_REFUSED, RECORD_MISMATCH */
export function signAsSolanaAccount(
  { project, record, untrustedWalletKey }: SigningAccount,
  approval: Approval,
  { accounts }: ReadyService,
): Uint8Array {
  return accounts.withWalletKey(project, record, {
    untrustedWalletKey,
    use: (seed) => {
      if (SOLANA_KEYS.identify(seed).address !== record.address) throw new OperationError('RECORD_MISMATCH');
      return signEd25519(approval, seed);
    },
  });
}
