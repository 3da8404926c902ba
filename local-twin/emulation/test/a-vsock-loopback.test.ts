// Level A: real AF_VSOCK, both ends in one guest.
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lifecycleChecks } from '../../../shared/test/vsock/lifecycle-checks.ts';
import { transferChecks } from '../../../shared/test/vsock/transfer-checks.ts';
import { prepareGround } from '../ground.ts';
import { writeGuestRamdisk } from '../guest-image.ts';
import { bootGuest, scratchDir } from '../machine.ts';

interface Outcome {
  readonly name: string;
  readonly ms: number;
  readonly measured?: Record<string, number | string>;
  readonly error?: string;
}

const starts = ['peer.ts', 'worker-dials.ts'].map((name) => `shared/test/vsock/${name}`);
const outcomes = new Map<string, Outcome>();
let guestLog = '';

beforeAll(async () => {
  const ground = await prepareGround();
  using dir = scratchDir();
  const ramdiskFile = join(dir.path, 'ramdisk.cpio');
  await writeGuestRamdisk(ramdiskFile, ground, { program: 'vsock-checks.ts', starts });
  await using guest = await bootGuest(ground, dir.path, { ramdiskFile, memoryMiB: 1024 });
  await guest.waitForEnd(480_000);
  guestLog = guest.log();
  for (const [, json = ''] of guestLog.matchAll(/^CHECK (.*?)\r?$/gm)) {
    const outcome = JSON.parse(json) as Outcome;
    outcomes.set(outcome.name, outcome);
  }
});

describe('vsock streams over AF_VSOCK', () => {
  for (const { name } of [...transferChecks, ...lifecycleChecks]) {
    it(name, () => {
      const outcome = outcomes.get(name);
      console.log(outcome?.ms, 'ms', JSON.stringify(outcome?.measured));
      expect(outcome, guestLog.slice(-2000)).toBeDefined();
      expect(outcome?.error).toBeUndefined();
    });
  }

  it('the guest ends with the descriptors that it began with', () => {
    expect(guestLog).toMatch(/^DESCRIPTORS \{"before":(\d+),"after":\1\}/m);
    expect(guestLog).toContain('INIT end 0');
  });
});
