import fc from 'fast-check';
import { bytesToHex, type Hex, type TransactionSerializable } from 'viem';

// Random unsigned transactions of every type, as viem takes them.

export const hex = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => bytesToHex(bytes));
const uint = (bits: number) =>
  fc.oneof(fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }), fc.bigInt({ min: 0n, max: 300n }));
const address = hex(20);
const optionalAddress = fc.option(address, { nil: undefined });
const chainId = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 }), fc.integer({ min: 1, max: 300 }));
const accessList = fc.array(fc.record({ address, storageKeys: fc.array(hex(32), { maxLength: 3 }) }), {
  maxLength: 3,
});
const call = { nonce: fc.nat(), gas: uint(64), value: uint(256), data: hex(0, 300) };
const fees = fc
  .tuple(uint(256), uint(256))
  .map(([a, b]) =>
    a < b ? { maxPriorityFeePerGas: a, maxFeePerGas: b } : { maxPriorityFeePerGas: b, maxFeePerGas: a },
  );
const authorization = fc.record({
  chainId: fc.nat(),
  address,
  nonce: fc.nat(),
  yParity: fc.constantFrom(0, 1),
  r: hex(32),
  s: hex(32),
});
const blobHash = hex(31).map((rest): Hex => `0x01${rest.slice(2)}`);

type Arbitrary = fc.Arbitrary<TransactionSerializable>;
const withFees = (shape: Record<string, fc.Arbitrary<unknown>>): Arbitrary =>
  fc
    .tuple(fc.record({ ...call, chainId, accessList, ...shape }), fees)
    .map(([rest, fee]) => ({ ...rest, ...fee }) as never);
export const ofType = {
  legacy: fc.record({
    ...call,
    type: fc.constant('legacy'),
    to: optionalAddress,
    gasPrice: uint(256),
    chainId: fc.option(chainId, { nil: undefined }),
  }) as Arbitrary,
  eip2930: fc.record({
    ...call,
    type: fc.constant('eip2930'),
    to: optionalAddress,
    gasPrice: uint(256),
    chainId,
    accessList,
  }) as Arbitrary,
  eip1559: withFees({ type: fc.constant('eip1559'), to: optionalAddress }),
  eip4844: withFees({
    type: fc.constant('eip4844'),
    to: address,
    maxFeePerBlobGas: uint(256),
    blobVersionedHashes: fc.array(blobHash, { minLength: 1, maxLength: 6 }),
  }),
  eip7702: withFees({
    type: fc.constant('eip7702'),
    to: address,
    authorizationList: fc.array(authorization, { minLength: 1, maxLength: 3 }),
  }),
};
export type TransactionType = keyof typeof ofType;
export const types = Object.keys(ofType) as TransactionType[];
