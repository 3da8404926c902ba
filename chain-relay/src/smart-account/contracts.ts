import {
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  getAddress,
  getContractAddress,
  keccak256,
  pad,
} from 'viem/utils';

type Hex = `0x${string}`;

/** EntryPoint v0.6 (ERC-4337), at one address on every chain. */
export const ENTRY_POINT: Hex = '0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789';
/** Coinbase Smart Wallet 1.1 (github.com/coinbase/smart-wallet): factory, and what the proxies that it makes point to. */
const FACTORY: Hex = '0xBA5ED110eFDBa3D005bfC882d75358ACBbB85842';
const IMPLEMENTATION: Hex = '0x00000110dCdEdC9581cb5eCB8467282f2926534d';
/** The account nonce, not the operation's: CDP makes one account per list of owners. */
const ACCOUNT_NONCE = 0n;
/** Solady's minimal ERC-1967 proxy: creation code around the implementation's address. */
const PROXY_HEAD: Hex = '0x603d3d8160223d3973';
const PROXY_TAIL: Hex =
  '0x60095155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3';

const abi = [
  {
    type: 'function',
    name: 'createAccount',
    inputs: [
      { name: 'owners', type: 'bytes[]' },
      { name: 'nonce', type: 'uint256' },
    ],
    outputs: [{ type: 'address' }],
    stateMutability: 'payable',
  },
  {
    type: 'function',
    name: 'execute',
    inputs: [
      { name: 'target', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'data', type: 'bytes' },
    ],
    outputs: [],
    stateMutability: 'payable',
  },
  {
    type: 'function',
    name: 'executeBatch',
    inputs: [
      {
        name: 'calls',
        type: 'tuple[]',
        components: [
          { name: 'target', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'data', type: 'bytes' },
        ],
      },
    ],
    outputs: [],
    stateMutability: 'payable',
  },
  {
    type: 'function',
    name: 'getNonce',
    inputs: [
      { name: 'sender', type: 'address' },
      { name: 'key', type: 'uint192' },
    ],
    outputs: [{ type: 'uint256' }],
    stateMutability: 'view',
  },
] as const;

/** One call that a smart account makes. */
export interface SmartCall {
  readonly to: Hex;
  /** Wei. */
  readonly value: bigint;
  readonly data: Hex;
}

/** The address that an account of these owners has, deployed or not: CREATE2 by the factory (EIP-1014). */
export function smartAccountAddress(
  owners: readonly Hex[],
  { factory = FACTORY, implementation = IMPLEMENTATION }: { factory?: Hex; implementation?: Hex } = {},
): Hex {
  const salt = keccak256(
    encodeAbiParameters(
      [{ type: 'bytes[]' }, { type: 'uint256' }],
      [owners.map(toOwnerBytes), ACCOUNT_NONCE],
    ),
  );
  const bytecodeHash = keccak256(concat([PROXY_HEAD, implementation, PROXY_TAIL]));
  return getAddress(getContractAddress({ opcode: 'CREATE2', from: factory, salt, bytecodeHash }));
}

/** What makes the EntryPoint deploy the account: factory and its calldata. */
export function initCodeOf(owners: readonly Hex[]): Hex {
  const args = [owners.map(toOwnerBytes), ACCOUNT_NONCE] as const;
  return concat([FACTORY, encodeFunctionData({ abi, functionName: 'createAccount', args })]);
}

/** The account's own calldata for one call or many. */
export function encodeCalls(calls: readonly SmartCall[]): Hex {
  const [first, ...others] = calls;
  if (first !== undefined && others.length === 0) {
    const args = [first.to, first.value, first.data] as const;
    return encodeFunctionData({ abi, functionName: 'execute', args });
  }
  const batch = calls.map(({ to, value, data }) => ({ target: to, value, data }));
  return encodeFunctionData({ abi, functionName: 'executeBatch', args: [batch] });
}

export function encodeGetNonce(sender: Hex): Hex {
  return encodeFunctionData({ abi, functionName: 'getNonce', args: [sender, 0n] });
}

/** An owner as the contract takes it: an address in a word. */
function toOwnerBytes(owner: Hex): Hex {
  return pad(owner, { size: 32 });
}
