// Golden bytes of every operation's messages: what was once on the wire must still be read, and written the same.
// UPDATE_VECTORS=1 writes those of operations that have none yet, and never changes one that is there.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '../../src/operations/registry.ts';
import { type CborValue, decodeCbor, encodeCbor } from '../../src/wire/cbor.ts';
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../src/wire/envelope.ts';
import { sampleOf } from '../support/sample-of-schema.ts';

interface GoldenMessage {
  readonly operation: string;
  readonly requestHex: string;
  readonly responseHex: string;
}

const file = new URL('../../../vectors/protocol/messages.json', import.meta.url);
const golden: GoldenMessage[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

if (process.env['UPDATE_VECTORS'] === '1') {
  const known = new Set(golden.map(({ operation }) => operation));
  for (const { name, request, response } of OPERATIONS) {
    if (known.has(name)) continue;
    golden.push({
      operation: name,
      requestHex: hex(encodeRequest({ id: 1, op: name, body: sampleOf(request) as CborValue })),
      responseHex: hex(encodeResponse({ id: 1, ok: sampleOf(response) as CborValue })),
    });
  }
  writeFileSync(file, `${JSON.stringify(golden, null, 1)}\n`);
}

describe('golden messages', () => {
  it('are there for every operation', () => {
    expect(golden.map(({ operation }) => operation).sort()).toEqual(
      OPERATIONS.map(({ name }) => name).sort(),
    );
  });

  it.each(golden)('of $operation', ({ operation, requestHex, responseHex }) => {
    const contract = OPERATIONS.find(({ name }) => name === operation);
    if (contract === undefined) throw new Error(`${operation} is gone`);
    const request = decodeRequest(Buffer.from(requestHex, 'hex'));
    expect(request.op).toBe(operation);
    expect(v.is(contract.request as v.GenericSchema, request.body)).toBe(true);
    expect(hex(encodeRequest(request))).toBe(requestHex);
    const response = decodeResponse(Buffer.from(responseHex, 'hex'));
    if (!('ok' in response)) throw new Error('a refusal');
    expect(v.is(contract.response as v.GenericSchema, response.ok)).toBe(true);
    expect(hex(encodeResponse(response))).toBe(responseHex);
  });

  it('with a field more, or one of another type, are refused', () => {
    for (const { requestHex, operation } of golden) {
      const contract = OPERATIONS.find(({ name }) => name === operation);
      const { body } = decodeRequest(Buffer.from(requestHex, 'hex'));
      const extended = decodeCbor(encodeCbor({ ...(body as object), zz: 1 }));
      expect(v.is(contract?.request as v.GenericSchema, extended), operation).toBe(false);
      for (const field of Object.keys(body as object)) {
        expect(
          v.is(contract?.request as v.GenericSchema, { ...(body as object), [field]: true }),
          `${operation}.${field}`,
        ).toBe(false);
      }
    }
  });
});
