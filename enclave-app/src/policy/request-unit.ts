import type { TypedData } from '../evm/typed-data.ts';
import type { SolanaMessage } from '../solana/message.ts';

/** What an EVM account is asked to do: the fields of a decoded transaction, or one call of a user operation. */
export interface EvmCall {
  /** 20 bytes; null creates a contract. */
  readonly to: Uint8Array | null;
  /** Wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
}

/**
 * One decision: what is signed, decoded. A user operation has one unit per call, a Solana transaction one per account that signs
 * it, each with that account's policies; every unit must be accepted.
 */
export type RequestUnit =
  | { readonly operation: 'signEvmTransaction'; readonly call: EvmCall }
  | {
      readonly operation: 'sendEvmTransaction' | 'prepareUserOperation' | 'sendUserOperation';
      readonly call: EvmCall;
      readonly network: string;
    }
  /** The text whose UTF-8 bytes are signed. */
  | { readonly operation: 'signEvmMessage' | 'signSolMessage'; readonly message: string }
  | { readonly operation: 'signEvmTypedData'; readonly typedData: TypedData }
  | { readonly operation: 'signEvmHash' }
  | { readonly operation: 'signSolTransaction'; readonly transaction: SolanaMessage }
  | {
      readonly operation: 'sendSolTransaction';
      readonly transaction: SolanaMessage;
      readonly network: string;
    };
