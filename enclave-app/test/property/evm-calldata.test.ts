import { encodeFunctionData, hexToBytes, toFunctionSelector } from 'viem';
import { describe, expect, it } from 'vitest';
import { parseAbi } from '../../src/evm/abi.ts';
import { type AbiValue, type DecodedCall, decodeCalldata } from '../../src/evm/calldata.ts';
import { EvmError } from '../../src/evm/evm-error.ts';
import { toHex } from '../../src/evm/hex.ts';
import { type SeededRandom, seededRandom } from './evm-seeded-random.ts';

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly components?: readonly Parameter[];
}

function randomParameter(random: SeededRandom, index: number, depth: number): Parameter {
  const suffix = random.pick(['', '', '', '', '[]', '[2]', '[3][]', '[][2]', '[][]', '[0]', '[1]']);
  const name = `p${index}`;
  if (depth < 2 && random.chance(0.2)) {
    const components = Array.from({ length: random.below(4) }, (_, i) =>
      randomParameter(random, i, depth + 1),
    );
    return { name, type: `tuple${suffix}`, components };
  }
  const sized = random.pick(['uint', 'int']) + 8 * (1 + random.below(32));
  const base = random.pick([
    'address',
    'bool',
    'string',
    'bytes',
    `bytes${1 + random.below(32)}`,
    sized,
    sized,
  ]);
  return { name, type: base + suffix };
}

function randomValue(random: SeededRandom, { name, type, components }: Parameter): unknown {
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array !== null) {
    const element = { name, type: array[1] as string, ...(components === undefined ? {} : { components }) };
    const length = array[2] === '' ? random.below(4) : Number(array[2]);
    return Array.from({ length }, () => randomValue(random, element));
  }
  if (components !== undefined)
    return Object.fromEntries(components.map((c) => [c.name, randomValue(random, c)]));
  if (type === 'address') return `0x${random.digits(20)}`;
  if (type === 'bool') return random.chance(0.5);
  if (type === 'string') return random.text();
  if (type === 'bytes') return `0x${random.digits(random.below(70))}`;
  const size = Number(/\d+/.exec(type)?.[0]);
  if (type.startsWith('bytes')) return `0x${random.digits(size)}`;
  const span = 2n ** BigInt(size);
  return type.startsWith('u') ? random.integer(0n, span - 1n) : random.integer(-span / 2n, span / 2n - 1n);
}

/** A decoded value as viem writes it. */
function plain(value: AbiValue): unknown {
  switch (value.kind) {
    case 'tuple':
      return Object.fromEntries(value.fields.map((field) => [field.name, plain(field.value)]));
    case 'array':
      return value.items.map(plain);
    case 'address':
    case 'bytes':
    case 'fixed-bytes':
      return toHex(value.value);
    case 'integer':
    case 'bool':
    case 'string':
      return value.value;
  }
}

function randomCall(random: SeededRandom) {
  const inputs = Array.from({ length: random.below(5) }, (_, i) => randomParameter(random, i, 0));
  const abi = [
    { type: 'function' as const, name: 'call', inputs, outputs: [], stateMutability: 'payable' as const },
  ];
  const args = inputs.map((input) => randomValue(random, input));
  return {
    abi,
    args,
    calldata: hexToBytes(encodeFunctionData({ abi, functionName: 'call', args } as never)),
  };
}

function outcome(abi: unknown, calldata: Uint8Array): DecodedCall | null | string {
  try {
    return decodeCalldata(parseAbi(abi), calldata);
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

describe('decodeCalldata', () => {
  it('reads what viem encodes for random functions', () => {
    const random = seededRandom(20);
    for (let run = 0; run < 4_000; run += 1) {
      const { abi, args, calldata } = randomCall(random);
      const functions = parseAbi(abi);
      expect(functions[0]?.selector).toBe(toFunctionSelector(abi[0] as never));
      const decoded = decodeCalldata(functions, calldata);
      expect(
        decoded?.arguments.map(({ value }) => plain(value)),
        `run ${run}`,
      ).toEqual(args);
    }
  });

  it('accepts no second encoding of a call', () => {
    const random = seededRandom(21);
    let accepted = 0;
    for (let run = 0; run < 4_000; run += 1) {
      const { abi, calldata } = randomCall(random);
      const mutated = mutate(random, calldata);
      const decoded = outcome(abi, mutated);
      if (decoded === null) expect(toHex(mutated.subarray(0, 4))).not.toBe(toHex(calldata.subarray(0, 4)));
      else if (typeof decoded === 'string') expect(decoded).toBe('INVALID_CALLDATA');
      else {
        accepted += 1;
        const args = decoded.arguments.map(({ value }) => plain(value));
        const again = encodeFunctionData({ abi, functionName: 'call', args } as never);
        expect(toHex(mutated), `run ${run}`).toBe(again);
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });
});

function mutate(random: SeededRandom, calldata: Uint8Array): Uint8Array {
  const at = random.below(calldata.length);
  switch (random.below(4)) {
    case 0:
      return calldata.subarray(0, at);
    case 1:
      return Uint8Array.from([...calldata, ...new Uint8Array(random.pick([1, 32]))]);
    default: {
      const copy = Uint8Array.from(calldata);
      copy[at] = random.chance(0.5) ? random.below(256) : (copy[at] as number) + 32;
      return copy;
    }
  }
}
