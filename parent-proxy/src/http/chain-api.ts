import { evmAccountBody, solanaAccountBody } from '@strongroom/shared/api/account-body';
import { ACCOUNT_MESSAGES, type AccountMessages } from '@strongroom/shared/api/error-response';
import {
  signatureBody,
  signedTransactionBody,
  signMessageBody,
  signTransactionBody,
  signTypedDataBody,
} from '@strongroom/shared/api/evm-sign-body';
import {
  signedSolanaTransactionBody,
  signSolanaMessageBody,
  signSolanaTransactionBody,
  solanaSignatureBody,
} from '@strongroom/shared/api/solana-sign-body';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { createSolanaAccount } from '@strongroom/shared/operations/create-solana-account';
import { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import { exportSolanaAccount } from '@strongroom/shared/operations/export-solana-account';
import { importEvmAccount } from '@strongroom/shared/operations/import-evm-account';
import { importSolanaAccount } from '@strongroom/shared/operations/import-solana-account';
import { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import { signEvmTransaction } from '@strongroom/shared/operations/sign-evm-transaction';
import { signEvmTypedData } from '@strongroom/shared/operations/sign-evm-typed-data';
import { signSolanaMessage } from '@strongroom/shared/operations/sign-solana-message';
import { signSolanaTransaction } from '@strongroom/shared/operations/sign-solana-transaction';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { updateSolanaAccount } from '@strongroom/shared/operations/update-solana-account';
import type * as v from 'valibot';
import type { ChainFamily } from '../store/store.ts';

export type SignOperation =
  | typeof signEvmMessage
  | typeof signEvmTypedData
  | typeof signEvmTransaction
  | typeof signSolanaMessage
  | typeof signSolanaTransaction;

/** One way to sign for an account: what follows its address in the path, and what goes in and comes out. */
export interface SigningApi {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly operation: SignOperation;
  readonly body: v.GenericSchema;
  readonly answer: v.GenericSchema;
}

/** What differs between the accounts of the two chain families; everything else about them is the same. */
export interface ChainApi {
  readonly family: ChainFamily;
  /** As CDP's operation ids have it. */
  readonly title: string;
  readonly path: string;
  readonly addressPattern: RegExp;
  readonly messages: AccountMessages;
  readonly account: v.GenericSchema;
  readonly create: typeof createEvmAccount | typeof createSolanaAccount;
  readonly import: typeof importEvmAccount | typeof importSolanaAccount;
  readonly export: typeof exportEvmAccount | typeof exportSolanaAccount;
  readonly update: typeof updateEvmAccount | typeof updateSolanaAccount;
  readonly signing: readonly SigningApi[];
}

export const EVM_API: ChainApi = {
  family: 'evm',
  title: 'Evm',
  path: '/v2/evm/accounts',
  addressPattern: /^0x[0-9a-fA-F]{40}$/,
  messages: ACCOUNT_MESSAGES.evm,
  account: evmAccountBody,
  create: createEvmAccount,
  import: importEvmAccount,
  export: exportEvmAccount,
  update: updateEvmAccount,
  signing: [
    {
      path: '/sign/message',
      operationId: 'signEvmMessage',
      summary: 'Signs a text as EIP-191 has it.',
      operation: signEvmMessage,
      body: signMessageBody,
      answer: signatureBody,
    },
    {
      path: '/sign/typed-data',
      operationId: 'signEvmTypedData',
      summary: 'Signs EIP-712 typed data.',
      operation: signEvmTypedData,
      body: signTypedDataBody,
      answer: signatureBody,
    },
    {
      path: '/sign/transaction',
      operationId: 'signEvmTransaction',
      summary: 'Signs a transaction: legacy, EIP-2930, EIP-1559, EIP-4844 or EIP-7702.',
      operation: signEvmTransaction,
      body: signTransactionBody,
      answer: signedTransactionBody,
    },
  ],
};

export const SOLANA_API: ChainApi = {
  family: 'solana',
  title: 'Solana',
  path: '/v2/solana/accounts',
  addressPattern: /^[1-9A-HJ-NP-Za-km-z]{32,44}$/,
  messages: ACCOUNT_MESSAGES.solana,
  account: solanaAccountBody,
  create: createSolanaAccount,
  import: importSolanaAccount,
  export: exportSolanaAccount,
  update: updateSolanaAccount,
  signing: [
    {
      path: '/sign/message',
      operationId: 'signSolanaMessage',
      summary: 'Signs a text that is no transaction.',
      operation: signSolanaMessage,
      body: signSolanaMessageBody,
      answer: solanaSignatureBody,
    },
    {
      path: '/sign/transaction',
      operationId: 'signSolanaTransaction',
      summary: 'Signs a transaction: legacy or v0.',
      operation: signSolanaTransaction,
      body: signSolanaTransactionBody,
      answer: signedSolanaTransactionBody,
    },
  ],
};

/** The API that an address is of. */
export function apiOfAddress(address: string): ChainApi | undefined {
  return [EVM_API, SOLANA_API].find(({ addressPattern }) => addressPattern.test(address));
}
