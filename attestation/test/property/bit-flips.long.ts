import { it } from 'vitest';
import { expectEveryFlipRefused } from './flip-every-bit.ts';

it.each([
  ['17 PCRs and empty user_data', 'marlinprotocol-2025-04-29'],
  ['a map of indefinite length', 'fluentlabsxyz-2026-03-06'],
])('every single-bit flip of a document with %s is refused with a code', (_shape, name) =>
  expectEveryFlipRefused(name),
);
