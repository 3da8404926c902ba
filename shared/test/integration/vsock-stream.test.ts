// The streams' semantics on any Linux host: the addon's C code over AF_UNIX in place of AF_VSOCK. `make test-enclave` runs the same
// checks at full size over real AF_VSOCK in a guest.

import { rmSync } from 'node:fs';
import { loadVsockAddon, type VsockAddon } from '@strongroom/shared/transport/vsock-addon';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildVsockAddon } from '../../native/build.ts';
import type { CheckTarget } from '../vsock/check.ts';
import { lifecycleChecks } from '../vsock/lifecycle-checks.ts';
import { openSockets } from '../vsock/process-state.ts';
import { transferChecks } from '../vsock/transfer-checks.ts';

const addonFile = `vsock-test-af-unix-${process.pid}.node`;
let addon: VsockAddon;
let port = process.pid * 100;

const out = new URL(`../../native/build/${addonFile}`, import.meta.url).pathname;

beforeAll(() => {
  buildVsockAddon({ testAfUnix: true, out });
  addon = loadVsockAddon(addonFile);
});

afterAll(() => rmSync(out, { force: true }));

function target(): CheckTarget {
  return {
    addon,
    addonFile,
    listenCid: 0xffff_ffff,
    dialCid: 0xffff_ffff,
    port: port++,
    refusedCode: 'ECONNREFUSED',
    scale: 0.1,
  };
}

describe('vsock streams over AF_UNIX', () => {
  for (const check of [...transferChecks, ...lifecycleChecks]) {
    it(check.name, async () => {
      const before = openSockets();
      await check.run(target());
      expect(openSockets()).toBeLessThanOrEqual(before);
    });
  }
});
