import { integerFromNumberText } from '@strongroom/shared/json/json-value';
import type { SeededRandom } from './evm-seeded-random.ts';

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

/** Typed data that CDP's clients can send, with what viem and ethers take for the same. */
export function randomTypedData(random: SeededRandom) {
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
