// Level A: the whole service in one guest, parent and enclave on AF_VSOCK's loopback.
import { join } from 'node:path';
import { recoverMessageAddress } from 'viem';
import { beforeAll, expect, it } from 'vitest';
import { prepareGround } from '../ground.ts';
import { writeGuestRamdisk } from '../guest-image.ts';
import { bootGuest, scratchDir } from '../machine.ts';

interface SignedMessage {
  readonly address: `0x${string}`;
  readonly message: string;
  readonly signature: `0x${string}`;
}

const reports = new Map<string, unknown>();
let guestLog = '';

beforeAll(async () => {
  const ground = await prepareGround();
  using dir = scratchDir();
  const ramdiskFile = join(dir.path, 'ramdisk.cpio');
  await writeGuestRamdisk(ramdiskFile, ground, {
    program: 'parent-and-enclave.ts',
    starts: ['local-twin/emulation/guest/twin-enclave.ts'],
    packagesOf: ['attestation', 'chain-relay', 'client', 'enclave-app', 'parent-proxy', 'shared'],
  });
  const kernelOptions = ['strongroom.loopback=1'];
  await using guest = await bootGuest(ground, dir.path, { ramdiskFile, memoryMiB: 2048, kernelOptions });
  await guest.waitForEnd(540_000);
  guestLog = guest.log();
  for (const [, json = ''] of guestLog.matchAll(/^SERVICE (.*?)\r?$/gm)) {
    const { name, value } = JSON.parse(json) as { name: string; value: unknown };
    reports.set(name, value);
  }
});

it('genesis, a project and an account go over the loopback, and the account signs', async () => {
  const { address, message, signature } = reported('signed') as SignedMessage;
  expect(await recoverMessageAddress({ message, signature })).toBe(address);
});

it('an enclave that is started again opens the same key', async () => {
  const { address, message, signature } = reported('signedAfterRestart') as SignedMessage;
  expect((reported('signed') as SignedMessage).address).toBe(address);
  expect(await recoverMessageAddress({ message, signature })).toBe(address);
});

it('says how long the enclave took until it was ready, on a translated processor', () => {
  const readyAfterMs = reported('readyAfterMs');
  console.log(`ready ${readyAfterMs} ms after the start of the enclave's process`);
  expect(readyAfterMs).toBeGreaterThan(0);
  expect(guestLog).toContain('INIT end 0');
});

function reported(name: string): unknown {
  expect(reports.has(name), guestLog.slice(-3000)).toBe(true);
  return reports.get(name);
}
