import { Buffer } from 'node:buffer';
import { bstr, chunked, hex, map, NULL, openMap, tstr, uint } from './cbor-writer.ts';
import { pcr, pcrMap, pcrValues } from './document.ts';
import type { VectorCase, VectorCases } from './vector-case.ts';

const pcrs = (value: Uint8Array, code: VectorCase['code'], reason: string): VectorCase => ({
  reason: `pcrs: ${reason}`,
  code,
  defects: { fields: { pcrs: value } },
});
const withPcr = (index: number, value: Uint8Array): Buffer =>
  map(...pcrValues().map(([i, v]) => [uint(i), i === index ? value : bstr(v)] as const));

/** Values and indices of the registers. */
export const PCR_CASES: VectorCases = {
  'pcrs-empty': pcrs(hex('a0'), 'PCR_COUNT', 'none'),
  'pcrs-32': pcrs(pcrMap(pcrValues(32)), null, 'all 32'),
  'pcrs-33': pcrs(pcrMap(pcrValues(33)), 'PCR_COUNT', '33'),
  'pcrs-sparse': pcrs(
    pcrMap([0, 1, 2, 31].map((index) => pcrValues(32)[index] as [number, Uint8Array])),
    null,
    'only locked PCRs are in a document',
  ),
  'pcrs-indefinite': pcrs(
    openMap(...pcrValues().map(([index, value]) => [uint(index), bstr(value)] as const)),
    null,
    'map of indefinite length',
  ),
  'pcrs-index-32': pcrs(pcrMap([...pcrValues(), [32, pcr('x')]]), 'PCR_INDEX', 'index 32'),
  'pcrs-index-text': pcrs(map([tstr('0'), bstr(pcr('x'))]), 'PCR_INDEX', 'index as text'),
  'pcrs-index-negative': pcrs(map([hex('20'), bstr(pcr('x'))]), 'PCR_INDEX', 'index -1'),
  'pcrs-index-bool': pcrs(map([hex('f4'), bstr(pcr('x'))]), 'PCR_INDEX', 'index false'),
  'pcrs-duplicate': pcrs(pcrMap([...pcrValues(), [0, pcr('x')]]), 'CBOR_DUPLICATE_KEY', 'PCR0 twice'),
  'pcrs-duplicate-wide': pcrs(
    map(...pcrValues().map(([i, v]) => [uint(i), bstr(v)] as const), [hex('1800'), bstr(pcr('x'))]),
    'CBOR_NON_MINIMAL',
    'PCR0 again, as 1800',
  ),
  'pcrs-length-32': pcrs(withPcr(0, bstr(Buffer.alloc(32, 1))), 'PCR_LENGTH', '32 bytes'),
  'pcrs-length-64': pcrs(withPcr(8, bstr(Buffer.alloc(64, 1))), 'PCR_LENGTH', '64 bytes'),
  'pcrs-value-null': pcrs(withPcr(7, NULL), 'PCR_LENGTH', 'null'),
  'pcrs-value-chunked': pcrs(withPcr(0, chunked(2, bstr(pcr('image')))), 'CBOR_CHUNKED_STRING', 'in chunks'),
};
