import { toJsonValue } from '@strongroom/shared/json/json-value';
import { parseJson } from '@strongroom/shared/json/parse-json';
import { TypedDataEncoder } from 'ethers';
import fc from 'fast-check';
import { hashMessage, hashTypedData as viemHashTypedData } from 'viem';
import { describe, expect, it } from 'vitest';
import { EvmError } from '../../src/evm/evm-error.ts';
import { toHex } from '../../src/evm/hex.ts';
import { personalMessageDigest } from '../../src/evm/personal-message.ts';
import { hashTypedData, parseTypedData } from '../../src/evm/typed-data.ts';
import { randomTypedData } from './evm-random-typed-data.ts';
import { type SeededRandom, seededRandom } from './evm-seeded-random.ts';

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
    for (let run = 0; run < 4_000; run += 1) {
      const { types, domainFields, domain, message, givesDomainType } = randomTypedData(random);
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
      const { types, domain, message, domainFields } = randomTypedData(random);
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
