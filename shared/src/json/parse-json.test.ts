import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonError, type JsonErrorCode } from './json-error.ts';
import { toJsonValue } from './json-value.ts';
import { MAX_JSON_DEPTH, MAX_JSON_NUMBER_LENGTH, parseJson } from './parse-json.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function codeOf(bytes: Uint8Array): JsonErrorCode | 'accepted' {
  try {
    parseJson(bytes);
    return 'accepted';
  } catch (error) {
    if (error instanceof JsonError) return error.code;
    throw error;
  }
}

function acceptedByEngine(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('parseJson', () => {
  it('keeps the source text of scalars and keys', () => {
    expect(parseJson(bytesOf(' { "\\u0061" : [ 1.0 , -0, 1E+2, "\\/\u00e9", null ,true,false] } '))).toEqual({
      kind: 'object',
      members: [
        {
          key: 'a',
          keySource: '"\\u0061"',
          value: {
            kind: 'array',
            items: [
              { kind: 'number', source: '1.0' },
              { kind: 'number', source: '-0' },
              { kind: 'number', source: '1E+2' },
              { kind: 'string', source: '"\\/\u00e9"', value: '/\u00e9' },
              { kind: 'literal', source: 'null' },
              { kind: 'literal', source: 'true' },
              { kind: 'literal', source: 'false' },
            ],
          },
        },
      ],
    });
  });

  const manyKeys = Array.from({ length: 40 }, (_, i) => `"k${i}":0`).join();
  it.each<[JsonErrorCode | 'accepted', string]>([
    ['JSON_SYNTAX', ''],
    ['JSON_SYNTAX', '{'],
    ['JSON_SYNTAX', '{"a":1,}'],
    ['JSON_SYNTAX', '[1,]'],
    ['JSON_SYNTAX', '{,}'],
    ['JSON_SYNTAX', '{"a" 1}'],
    ['JSON_SYNTAX', '{a:1}'],
    ['JSON_SYNTAX', '[01]'],
    ['JSON_SYNTAX', '[1.]'],
    ['JSON_SYNTAX', '.5'],
    ['JSON_SYNTAX', '+1'],
    ['JSON_SYNTAX', 'NaN'],
    ['JSON_SYNTAX', 'nul'],
    ['JSON_SYNTAX', '"\n"'],
    ['JSON_SYNTAX', '"\\x"'],
    ['JSON_SYNTAX', '"\\u12g4"'],
    ['JSON_SYNTAX', '"\\'],
    ['JSON_SYNTAX', '"\\"'],
    ['JSON_SYNTAX', '\u00a01'],
    ['JSON_TRAILING_BYTES', '1 1'],
    ['JSON_TRAILING_BYTES', '01'],
    ['JSON_TRAILING_BYTES', '{}{}'],
    ['JSON_TRAILING_BYTES', '{}\0'],
    ['JSON_BYTE_ORDER_MARK', '\ufeff{}'],
    ['JSON_DUPLICATE_KEY', '{"a":1,"a":1}'],
    ['JSON_DUPLICATE_KEY', '{"a":1,"b":2,"\\u0061":1}'],
    ['JSON_DUPLICATE_KEY', '{"__proto__":1,"__proto__":1}'],
    ['JSON_DUPLICATE_KEY', `{${manyKeys},"k7":1}`],
    ['accepted', `{${manyKeys}}`],
    ['JSON_LONE_SURROGATE', '"\\ud83d"'],
    ['JSON_LONE_SURROGATE', '{"\\ude00\\ud83d":1}'],
    ['accepted', '"\\ud83d\\ude00"'],
    ['accepted', '['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH)],
    ['JSON_TOO_DEEP', '['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1)],
    ['JSON_TOO_DEEP', '{"a":'.repeat(500_000)],
    ['accepted', '9'.repeat(MAX_JSON_NUMBER_LENGTH)],
    ['JSON_NUMBER_TOO_LONG', '9'.repeat(MAX_JSON_NUMBER_LENGTH + 1)],
  ])('%s: %j', (code, text) => {
    expect(codeOf(bytesOf(text))).toBe(code);
  });

  it.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut sequence', [0x22, 0xe2, 0x82]],
  ])('refuses %s', (_, bytes) => {
    expect(codeOf(Uint8Array.from(bytes))).toBe('JSON_INVALID_UTF8');
  });

  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        fc.pre(!/"__proto__"/.test(text));
        const parsed = JSON.stringify(toJsonValue(parseJson(bytesOf(text))), (_, v) =>
          v?.source === undefined ? v : Number(v.source),
        );
        expect(parsed).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('accepts a mutated text exactly when the engine does, its own limits apart', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '1',
      '-',
      '.',
      'e',
      '+',
      ' ',
      'true',
      'null',
      'u0041',
      '"a"',
      'é',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (chosen) => {
        const text = chosen.join('');
        const code = codeOf(bytesOf(text));
        if (code === 'JSON_DUPLICATE_KEY') return;
        expect(code === 'accepted').toBe(acceptedByEngine(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('answers random bytes with a node or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void codeOf(bytes)),
      { numRuns: 5_000 },
    );
  });
});
