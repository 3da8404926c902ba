import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, requestHash } from './canonical-json.ts';
import { parseJson } from './parse-json.ts';

interface RecordedRequest {
  readonly label: string;
  readonly bodyRaw: string;
  readonly canonicalJson?: string;
  readonly sha256OfCanonical?: string;
  readonly walletDecoded?: readonly [unknown, { readonly reqHash?: string }];
}

const recordings = new URL('../../../vectors/cdp/vectors.json', import.meta.url);
const { requests } = JSON.parse(readFileSync(recordings, 'utf8')) as { requests: RecordedRequest[] };
const withBody = requests.filter(({ bodyRaw }) => bodyRaw !== '');
const parse = (text: string) => parseJson(new TextEncoder().encode(text));

/** What the SDK hashes: utils/sortKeys.ts of @coinbase/cdp-sdk 1.57.0, then JSON.stringify. */
function sortKeys(value: unknown): unknown {
  if (!value || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort())
    sorted[key] = sortKeys((value as Record<string, unknown>)[key]);
  return sorted;
}

describe('canonicalJson', () => {
  it('has recordings to check', () => expect(withBody.length).toBeGreaterThanOrEqual(12));

  it.each(withBody.map((request) => [request.label, request] as const))('recorded: %s', (_, request) => {
    const node = parse(request.bodyRaw);
    expect(canonicalJson(node, 'javascript')).toBe(request.canonicalJson);
    expect(requestHash(node, 'javascript')).toBe(request.sha256OfCanonical);
    const signed = request.walletDecoded?.[1].reqHash;
    if (signed !== undefined) expect(requestHash(node, 'javascript')).toBe(signed);
  });

  it('covers the hash that each recorded wallet token signs', () => {
    expect(withBody.filter(({ walletDecoded }) => walletDecoded?.[1].reqHash !== undefined).length).toBe(9);
  });

  it('sorts array-index keys first for javascript only', () => {
    const node = parse('{"z":1, "10":2, "9":3, "01":4, "4294967294":5, "4294967295":6, "-1":7}');
    expect(canonicalJson(node, 'javascript')).toBe(
      '{"9":3,"10":2,"4294967294":5,"-1":7,"01":4,"4294967295":6,"z":1}',
    );
    expect(canonicalJson(node, 'code-point')).toBe(
      '{"-1":7,"01":4,"10":2,"4294967294":5,"4294967295":6,"9":3,"z":1}',
    );
  });

  it('sorts astral keys after U+E000-FFFF by code point, before by code unit', () => {
    const node = parse('{"\uff21":1,"\u{1f600}":2}');
    expect(canonicalJson(node, 'javascript')).toBe('{"\u{1f600}":2,"\uff21":1}');
    expect(canonicalJson(node, 'code-point')).toBe('{"\uff21":1,"\u{1f600}":2}');
  });

  it('keeps escapes and number spellings, and sorts by what a key means', () => {
    expect(canonicalJson(parse('{"\\u0062":1.50,\t"a":"\\u00e9\\/"}'), 'code-point')).toBe(
      '{"a":"\\u00e9\\/","\\u0062":1.50}',
    );
  });

  const keys = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.nat().map(String),
    fc.constantFrom('😀', '\uffff', '\ue000', 'a'),
  );
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value')),
      fc.dictionary(keys, tie('value')),
    ),
  })).value;

  it('equals the SDK for whatever the SDK can send', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('"__proto__"'));
        const expected = JSON.stringify(sortKeys(JSON.parse(text)));
        expect(canonicalJson(parse(text), 'javascript')).toBe(expected);
        expect(requestHash(parse(text), 'javascript')).toBe(hash('sha256', expected, 'hex'));
      }),
      { numRuns: 2_000 },
    );
  });

  it('orders by code point as UTF-8 bytes order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(keys, { minLength: 2 }), (unsorted) => {
        const byUtf8 = unsorted.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const members = (names: string[]) => `{${names.map((name) => `${JSON.stringify(name)}:0`).join()}}`;
        expect(canonicalJson(parse(members(unsorted)), 'code-point')).toBe(members(byUtf8));
      }),
    );
  });
});
