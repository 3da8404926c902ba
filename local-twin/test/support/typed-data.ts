const wallet = '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC';
const domain = { name: 'Ether Mail', version: '1', chainId: 1, verifyingContract: wallet };
const person = [
  { name: 'name', type: 'string' },
  { name: 'wallets', type: 'address[]' },
];

/** EIP-712 definitions of every form that the SDK can be given, as viem takes them. */
export const TYPED_DATA = {
  'nested structs and arrays': {
    domain,
    types: {
      Person: person,
      Mail: [
        { name: 'from', type: 'Person' },
        { name: 'to', type: 'Person[]' },
        { name: 'matrix', type: 'uint8[2][]' },
        { name: 'attachment', type: 'bytes' },
        { name: 'sealed', type: 'bool' },
      ],
    },
    primaryType: 'Mail',
    message: {
      from: { name: 'Cow', wallets: [wallet] },
      to: [
        { name: 'Bob', wallets: [] },
        { name: 'Búb 😀', wallets: [wallet, wallet] },
      ],
      matrix: [
        [1, 2],
        [255, 0],
      ],
      attachment: '0x',
      sealed: false,
    },
  },
  'integers as bigint, at both ends of their ranges': {
    domain: { ...domain, chainId: 2n ** 64n },
    types: {
      Numbers: [
        { name: 'most', type: 'uint256' },
        { name: 'least', type: 'int256' },
        { name: 'small', type: 'int8' },
        { name: 'list', type: 'uint128[]' },
      ],
    },
    primaryType: 'Numbers',
    message: { most: 2n ** 256n - 1n, least: -(2n ** 255n), small: -128, list: [0n, 2n ** 128n - 1n] },
  },
  'the domain itself as primary type': {
    domain,
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'version', type: 'string' },
        { name: 'chainId', type: 'uint256' },
        { name: 'verifyingContract', type: 'address' },
      ],
    },
    primaryType: 'EIP712Domain',
    message: {},
  },
  'a salt': {
    domain: { name: 'salted', salt: `0x${'5a'.repeat(32)}` },
    types: { Note: [{ name: 'text', type: 'string' }] },
    primaryType: 'Note',
    message: { text: '' },
  },
  'an empty domain': {
    domain: {},
    types: { Note: [{ name: 'text', type: 'string' }] },
    primaryType: 'Note',
    message: { text: 'nobody in particular' },
  },
  'fixed bytes and keys that look like numbers': {
    domain,
    types: {
      Odd: [
        { name: 'z', type: 'bytes4' },
        { name: '10', type: 'bytes32' },
        { name: '9', type: 'bytes1' },
      ],
    },
    primaryType: 'Odd',
    message: { z: '0x01020304', '10': `0x${'ab'.repeat(32)}`, '9': '0xff' },
  },
  'a type that refers to itself': {
    domain,
    types: {
      Node: [
        { name: 'label', type: 'string' },
        { name: 'children', type: 'Node[]' },
      ],
    },
    primaryType: 'Node',
    message: { label: 'root', children: [{ label: 'leaf', children: [] }] },
  },
  'an EIP-2612 permit': {
    domain,
    types: {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Permit',
    message: { owner: wallet, spender: wallet, value: 2n ** 256n - 1n, nonce: 0n, deadline: 1_800_000_000n },
  },
} as const;
