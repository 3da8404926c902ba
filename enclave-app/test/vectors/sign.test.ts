import { readFileSync } from 'node:fs';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { JsonError } from '@strongroom/shared/json/json-error';
import { toJsonValue } from '@strongroom/shared/json/json-value';
import { parseJson } from '@strongroom/shared/json/parse-json';
import { describe, expect, it } from 'vitest';
import { EvmError } from '../../src/evm/evm-error.ts';
import { parseHex, toHex } from '../../src/evm/hex.ts';
import { personalMessageDigest } from '../../src/evm/personal-message.ts';
import { decodeUnsignedTransaction, serializeSigned, signingDigest } from '../../src/evm/transaction.ts';
import { hashTypedData, parseTypedData } from '../../src/evm/typed-data.ts';

interface Vectors<Case> {
  readonly secretKey: string;
  readonly cases: readonly (Case & { readonly name: string })[];
}

function load<Case>(path: string): Vectors<Case> {
  return JSON.parse(
    readFileSync(new URL(`../../../vectors/sign/${path}`, import.meta.url), 'utf8'),
  ) as Vectors<Case>;
}

const valid = {
  transactions: load<{
    type: string;
    unsigned: string;
    digest: string;
    signature: { r: string; s: string; yParity: 0 | 1 };
    signed: string;
  }>('valid/transactions.json'),
  messages: load<{ text: string; digest: string; signature: string }>('valid/messages.json'),
  typedData: load<{ body: string; digest: string; signature: string }>('valid/typed-data.json'),
};
const invalid = {
  transactions: load<{ unsigned: string; code: string }>('invalid/transactions.json'),
  messages: load<{ body: string; code: string }>('invalid/messages.json'),
  typedData: load<{ body: string; code: string }>('invalid/typed-data.json'),
};

const valueOfBody = (body: string) => toJsonValue(parseJson(new TextEncoder().encode(body)));
const typedDataDigest = (body: string) => hashTypedData(parseTypedData(valueOfBody(body)));

/** r || s || v by an independent implementation. */
function signature(digest: Uint8Array, secretKey: string): string {
  const recovered = secp256k1.sign(digest, parseHex(secretKey), { prehash: false, format: 'recovered' });
  return `${toHex(recovered.subarray(1))}${(27 + (recovered[0] as number)).toString(16)}`;
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'accepted';
  } catch (error) {
    if (error instanceof EvmError || error instanceof JsonError) return error.code;
    throw error;
  }
}

const named = <Case extends { name: string }>({ cases }: { cases: readonly Case[] }) =>
  cases.map((one) => [one.name, one] as const);

describe('valid transactions', () => {
  it.each(named(valid.transactions))(
    '%s',
    (_, { type, unsigned, digest, signature: { r, s, yParity }, signed }) => {
      const transaction = decodeUnsignedTransaction(parseHex(unsigned));
      expect(transaction.type).toBe(type);
      expect(toHex(signingDigest(transaction))).toBe(digest);
      expect(toHex(serializeSigned(transaction, { r: parseHex(r), s: parseHex(s), yParity }))).toBe(signed);
      expect(signature(signingDigest(transaction), valid.transactions.secretKey)).toBe(
        `${r}${s.slice(2)}${(27 + yParity).toString(16)}`,
      );
    },
  );
});

describe('valid messages', () => {
  it.each(named(valid.messages))('%s', (_, { text, digest, signature: expected }) => {
    expect(toHex(personalMessageDigest(text))).toBe(digest);
    expect(signature(personalMessageDigest(text), valid.messages.secretKey)).toBe(expected);
  });
});

describe('valid typed data', () => {
  it.each(named(valid.typedData))('%s', (_, { body, digest, signature: expected }) => {
    expect(toHex(typedDataDigest(body))).toBe(digest);
    expect(signature(typedDataDigest(body), valid.typedData.secretKey)).toBe(expected);
  });
});

describe('invalid transactions', () => {
  it.each(named(invalid.transactions))('%s', (_, { unsigned, code }) => {
    expect(codeOf(() => decodeUnsignedTransaction(parseHex(unsigned)))).toBe(code);
  });
});

describe('invalid messages', () => {
  it.each(named(invalid.messages))('%s', (_, { body, code }) =>
    expect(codeOf(() => valueOfBody(body))).toBe(code),
  );
});

describe('invalid typed data', () => {
  it.each(named(invalid.typedData))('%s', (_, { body, code }) =>
    expect(codeOf(() => typedDataDigest(body))).toBe(code),
  );
});
