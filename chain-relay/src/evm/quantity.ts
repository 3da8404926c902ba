import * as v from 'valibot';

/** Hex integers and bytes of Ethereum's JSON-RPC, up to 256 bits. */
export const quantity = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{1,64}$/),
  v.transform((text) => BigInt(text)),
);
export const bytesText = v.pipe(
  v.string(),
  v.regex(/^0x(?:[0-9a-fA-F]{2})*$/),
  v.transform((text) => text as `0x${string}`),
);
export const wordText = v.pipe(
  v.string(),
  v.regex(/^0x[0-9a-fA-F]{64}$/),
  v.transform((text) => text as `0x${string}`),
);
export const hashText = v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{64}$/));

/** An integer that has to fit into 53 bits: nonces, gas, block numbers, and fees per gas. */
export const smallQuantity = v.pipe(
  quantity,
  v.maxValue(BigInt(Number.MAX_SAFE_INTEGER)),
  v.transform((value) => Number(value)),
);

export function toQuantity(value: bigint | number): `0x${string}` {
  return `0x${value.toString(16)}`;
}
