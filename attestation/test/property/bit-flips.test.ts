import { it } from 'vitest';
import { expectEveryFlipRefused } from './flip-every-bit.ts';

// Definite map, PCR8 set; documents of the other shapes are in bit-flips.long.ts.
it('every single-bit flip of a document is refused with a code', { timeout: 120_000 }, () =>
  expectEveryFlipRefused('nostrband-2025-04-01'),
);
