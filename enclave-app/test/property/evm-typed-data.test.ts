import { integerFromNumberText, toJsonValue } from '@strongroom/shared/json/json-value';
import { parseJson } from '@strongroom/shared/json/parse-json';
import { TypedDataEncoder } from 'ethers';
import fc from 'fast-check';
import { hashMessage, hashTypedData as viemHashTypedData } from 'viem';
import { describe, expect, it } from 'vitest';
import { EvmError } from '../../src/evm/evm-error.ts';
import { toHex } from '../../src/evm/hex.ts';
import { personalMessageDigest } from '../../src/evm/personal-message.ts';
import { hashTypedData, parseTypedData } from '../../src/evm/typed-data.ts';
import { type SeededRandom, seededRandom } from './evm-seeded-random.ts';

interface Field {
  readonly name: string;
  readonly type: string;
}
type Types = Record<string, Field[]>;
/** One value as the libraries take it and as it goes over the wire. */
interface Twin {
  readonly library: unknown;
  readonly wire: unknown;
}

const STRUCTS = ['Order', 'Asset', 'Person', 'Item2', 'z_last'];
const suffixes = ['', '', '', '[]', '[2]', '[][]', '[2][]', '[][1]', '[0]'];

function elementary(random: SeededRandom): string {
  const sized = random.pick(['uint', 'int']) + 8 * (1 + random.below(32));
  return random.pick([
    'address',
    'bool',
    'string',
    'bytes',
    `bytes${1 + random.below(32)}`,
    sized,
    sized,
    'uint256',
  ]);
}

/** Structs that refer to later ones only, each to the next at least, so that all are reached: ethers demands it. */
function randomTypes(random: SeededRandom): Types {
  const names = STRUCTS.slice(0, 1 + random.below(STRUCTS.length));
  const types: Types = {};
  for (const [index, struct] of names.entries()) {
    const later = names.slice(index + 1);
    const fields = Array.from({ length: random.below(4) }, (_, i) => ({
      name: random.pick(['a', 'value', '10', '9', 'name_', 'constructor']) + i,
      type:
        (later.length > 0 && random.chance(0.2) ? random.pick(later) : elementary(random)) +
        random.pick(suffixes),
    }));
    if (later[0] !== undefined)
      fields.splice(random.below(fields.length + 1), 0, {
        name: 'next',
        type: later[0] + random.pick(suffixes),
      });
    types[struct] = fields;
  }
  return types;
}

function randomValue(random: SeededRandom, types: Types, type: string): Twin {
  const array = /^(.*)\[(\d*)\]$/.exec(type);
  if (array !== null) {
    const length = array[2] === '' ? random.below(3) : Number(array[2]);
    const items = Array.from({ length }, () => randomValue(random, types, array[1] as string));
    return { library: items.map(({ library }) => library), wire: items.map(({ wire }) => wire) };
  }
  const fields = types[type];
  return fields === undefined ? randomElementary(random, type) : randomStruct(random, types, fields);
}

function randomStruct(random: SeededRandom, types: Types, fields: readonly Field[]): Twin {
  const twins = fields.map(({ name, type }) => [name, randomValue(random, types, type)] as const);
  const wire = Object.fromEntries(twins.map(([name, twin]) => [name, twin.wire]));
  if (random.chance(0.2)) wire['notInTheType'] = { ignored: [1.5, null] };
  return { library: Object.fromEntries(twins.map(([name, twin]) => [name, twin.library])), wire };
}

function randomElementary(random: SeededRandom, type: string): Twin {
  if (type === 'bool') return same(random.chance(0.5));
  if (type === 'string') return same(random.text());
  if (type === 'address') {
    const digits = random.digits(20);
    const anyCase = digits.replace(/./g, (digit) => (random.chance(0.5) ? digit.toUpperCase() : digit));
    return { library: `0x${digits}`, wire: `0x${anyCase}` };
  }
  if (type.startsWith('bytes')) {
    return same(`0x${random.digits(type === 'bytes' ? random.below(70) : Number(type.slice(5)))}`);
  }
  const bits = BigInt(/\d+/.exec(type)?.[0] as string);
  const [min, max] = type.startsWith('u')
    ? [0n, 2n ** bits - 1n]
    : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  const roundValue = 10n ** BigInt(21 + random.below(2));
  const value = roundValue <= max && random.chance(0.1) ? roundValue : random.integer(min, max);
  return { library: value, wire: integerOnTheWire(random, value) };
}

function integerOnTheWire(random: SeededRandom, value: bigint): unknown {
  const number = Number(value);
  const isSafe = Number.isSafeInteger(number);
  // JavaScript prints exponents only for doubles, and 1e+21 is exact: the wire text says the same integer as the double.
  const isExactExponent = String(number).includes('e') && integerFromNumberText(String(number)) === value;
  if ((isSafe || isExactExponent) && random.chance(0.4)) return number;
  return value >= 0n && random.chance(0.2) ? `0x${value.toString(16)}` : value.toString();
}

const same = (value: unknown): Twin => ({ library: value, wire: value });

const domainTypes: Record<string, string> = {
  name: 'string',
  version: 'string',
  chainId: 'uint256',
  verifyingContract: 'address',
  salt: 'bytes32',
};

function randomCase(random: SeededRandom) {
  const domainFields = Object.entries(domainTypes)
    .filter(() => random.chance(0.6))
    .map(([name, type]) => ({ name, type }));
  const types = randomTypes(random);
  // viem leaves an empty version out of a domain type that it derives itself, ethers does not: nobody means that.
  const domain = randomStruct(
    random,
    {},
    domainFields.filter(({ name }) => name !== 'version'),
  );
  const version = domainFields.some(({ name }) => name === 'version') ? { version: `1${random.text()}` } : {};
  return {
    types,
    domainFields,
    domain: {
      library: { ...(domain.library as object), ...version },
      wire: { ...(domain.wire as object), ...version },
    },
    message: randomValue(random, types, 'Order'),
    givesDomainType: random.chance(0.7),
  };
}

const overTheWire = (value: unknown) =>
  toJsonValue(parseJson(new TextEncoder().encode(JSON.stringify(value))));

function ourDigest(value: unknown): string {
  try {
    return toHex(hashTypedData(parseTypedData(overTheWire(value))));
  } catch (error) {
    if (error instanceof EvmError) return error.code;
    throw error;
  }
}

describe('typed data', () => {
  it('hashes as in viem and in ethers', () => {
    const random = seededRandom(712);
    for (let run = 0; run < 10_000; run += 1) {
      const { types, domainFields, domain, message, givesDomainType } = randomCase(random);
      const allTypes = givesDomainType ? { ...types, EIP712Domain: domainFields } : types;
      const ours = ourDigest({
        domain: domain.wire,
        types: allTypes,
        primaryType: 'Order',
        message: message.wire,
      });
      const viem = viemHashTypedData({
        domain: domain.library,
        types: allTypes,
        primaryType: 'Order',
        message: message.library,
      } as never);
      expect(ours, `run ${run}`).toBe(viem);
      expect(ours, `run ${run}`).toBe(
        TypedDataEncoder.hash(domain.library as never, types, message.library as never),
      );
    }
  });

  it('hashes types that refer to themselves as in viem', () => {
    const random = seededRandom(10);
    const types = {
      Node: [
        { name: 'label', type: 'string' },
        { name: 'children', type: 'Node[]' },
      ],
    };
    const node = (depth: number): unknown => ({
      label: random.text(),
      children: Array.from({ length: depth === 0 ? 0 : random.below(4) }, () => node(depth - 1)),
    });
    for (let run = 0; run < 200; run += 1) {
      const typedData = { domain: {}, types, primaryType: 'Node', message: node(5) };
      expect(ourDigest(typedData)).toBe(viemHashTypedData(typedData as never));
    }
  });

  it('answers mutilated typed data with a digest that viem shares or with a typed error', () => {
    const random = seededRandom(13);
    const junk = [
      null,
      1.5,
      -1,
      '',
      '0x',
      '0xzz',
      [],
      {},
      true,
      'Order',
      'uint',
      'string[',
      '[]',
      '😀',
      '1e3',
    ];
    let hashed = 0;
    for (let run = 0; run < 3_000; run += 1) {
      const { types, domain, message, domainFields } = randomCase(random);
      const whole = {
        domain: domain.wire,
        types: { ...types, EIP712Domain: domainFields },
        primaryType: 'Order',
        message: message.wire,
      };
      const broken = structuredClone(whole);
      replaceSomewhere(random, broken, junk);
      const ours = ourDigest(broken);
      if (ours === 'INVALID_TYPED_DATA') continue;
      hashed += 1;
      const lower = JSON.parse(JSON.stringify(broken), (_, v) =>
        typeof v === 'string' && /^0x[0-9a-fA-F]{40}$/.test(v) ? v.toLowerCase() : v,
      );
      expect(ours, JSON.stringify(broken)).toBe(viemHashTypedData(lower as never));
    }
    expect(hashed).toBeGreaterThan(100);
  });
});

/** Replaces one member of a nested value by junk. */
function replaceSomewhere(random: SeededRandom, target: unknown, junk: readonly unknown[]): void {
  let node = target as Record<string, unknown>;
  for (;;) {
    const key = random.pick(Object.keys(node));
    const child = node[key];
    const canDescend = typeof child === 'object' && child !== null && Object.keys(child).length > 0;
    if (!canDescend || random.chance(0.1)) {
      node[key] = random.pick(junk);
      return;
    }
    node = child as Record<string, unknown>;
  }
}

describe('messages', () => {
  it('hash as in viem', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(toHex(personalMessageDigest(text))).toBe(hashMessage(text));
      }),
      { numRuns: 10_000, seed: 191 },
    );
  });
});
