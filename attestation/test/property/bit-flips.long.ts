import { it } from 'vitest';
import { expectFlipsRefused } from './flip-bits.ts';

it.each([
  ['17 PCRs and empty user_data', 'marlinprotocol-2025-04-29'],
  ['a map of indefinite length', 'fluentlabsxyz-2026-03-06'],
  ['PCR8 set', 'nostrband-2025-04-01'],
])('every single-bit flip of a document with %s is refused with a code', (_shape, name) =>
  expectFlipsRefused(name, 1),
);
