import { it } from 'vitest';
import { expectFlipsRefused } from './flip-bits.ts';

// Every bit of each of the three is flipped in bit-flips.long.ts.
it.each(['marlinprotocol-2025-04-29', 'fluentlabsxyz-2026-03-06', 'nostrband-2025-04-01'])(
  'single-bit flips of %s are refused with a code',
  { timeout: 120_000 },
  (name) => expectFlipsRefused(name, 13),
);
