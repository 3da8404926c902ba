import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRotation } from '../../src/system/rotate-in-process.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import {
  allowNewDataKeys,
  type RotationVictim,
  rotationOf,
  runRotationRound,
  sign,
  startSigningLoad,
} from '../support/rotation-round.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const ACCOUNTS = 300;
let system: TestSystem;
let project: TestProject;
let addresses: `0x${string}`[];
let first: object;

beforeAll(async () => {
  system = await startTestSystem();
  project = await createTestProject(system);
  const create = async () => {
    const { text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
    return JSON.parse(text).address as `0x${string}`;
  };
  addresses = await Promise.all(Array.from({ length: ACCOUNTS }, create));
});
afterAll(() => system[Symbol.asyncDispose]());

/** Of all blobs in both databases. */
function generations(): Set<number> {
  const open = (name: string) =>
    new DatabaseSync(join(system.home, 'data', `${name}.sqlite`), { readOnly: true });
  const [primary, vault] = [open('primary'), open('vault')];
  const blobs = [
    ...primary.prepare('SELECT record_sealed AS blob FROM account').all(),
    ...primary.prepare('SELECT authority_sealed AS blob FROM project').all(),
    ...primary.prepare('SELECT client_secret AS blob FROM project').all(),
    ...vault.prepare('SELECT sealed AS blob FROM wallet_key').all(),
  ] as { blob: Uint8Array }[];
  primary.close();
  vault.close();
  return new Set(blobs.map(({ blob }) => Buffer.from(blob).readUInt32BE(1)));
}

it('refuses no signature while the root key is rotated, and leaves no blob of the old generation', async () => {
  const load = startSigningLoad(project, addresses);
  const { seen } = await runRotationRound(system, { generation: 2, kills: [] });
  const { signed, refusals } = await load.stop();
  expect(refusals).toEqual([]);
  expect(signed).toBeGreaterThan(100);
  expect(seen).toMatchObject({ generation: 2, openGenerations: [1, 2], projects: 1, accounts: ACCOUNTS });
  expect(generations()).toEqual(new Set([2]));
  first = seen;
});

it.each([
  [3, ['operator', 'operator', 'operator']],
  [4, ['enclave', 'operator']],
  [5, ['proxy', 'enclave']],
] as [number, RotationVictim[]][])(
  'ends generation %i in the same certificate after SIGKILLs of %s',
  async (generation, victims) => {
    const kills = victims.map((victim) => ({ victim, afterMs: randomInt(300, 3500) }));
    const { seen, delivered } = await runRotationRound(system, { generation, kills });
    // It takes three waits of 1.5 s, so the first kill always comes before its end.
    expect(delivered.length).toBeGreaterThan(0);
    expect(seen, JSON.stringify(delivered)).toEqual({
      ...first,
      generation,
      openGenerations: [generation - 1, generation],
    });
    expect(generations()).toEqual(new Set([generation]));
    const refusals = await Promise.all(addresses.slice(0, 50).map((address) => sign(project, address)));
    expect(refusals.filter((refusal) => refusal !== null)).toEqual([]);
  },
);

/** Starts a rotation, and sends its process a signal when its new root key is announced and it waits for everybody to hear of that. */
async function interruptBeforeActivation(generation: number, signal: 'SIGSTOP' | 'SIGKILL') {
  const announced = Promise.withResolvers<void>();
  const rotation = startRotation(rotationOf(system, generation), ({ step }) => {
    if (step === 'wait') announced.resolve();
  });
  await announced.promise;
  rotation.kill(signal);
  return rotation;
}

it("an operator's process that hung while others ended its rotation leaves the next one alone", async () => {
  allowNewDataKeys(system);
  const hung = await interruptBeforeActivation(6, 'SIGSTOP');
  await runRotationRound(system, { generation: 6, kills: [] });
  expect(await (await interruptBeforeActivation(7, 'SIGKILL')).outcome).toBeNull();
  hung.kill('SIGCONT');
  await expect(hung.outcome).rejects.toThrow('ROTATION_REFUSED');
  // Generation 7 is announced, and nothing is sealed under it before every enclave has heard of it.
  expect((await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} })).status).toBe(201);
  expect(generations()).toEqual(new Set([6]));
  const { seen } = await runRotationRound(system, { generation: 7, kills: [] });
  expect(seen).toMatchObject({ generation: 7, openGenerations: [6, 7], accounts: ACCOUNTS + 1 });
});
