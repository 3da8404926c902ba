// `node --conditions=source local-twin/test/support/run-rotation-crashes.ts [kills] [accounts]`: rotations killed at random moments.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { createTestProject } from './project.ts';
import { type RotationVictim, runRotationRound, sign } from './rotation-round.ts';
import { sendSigned } from './signed-request.ts';
import { startTestSystem } from './test-system.ts';

const [kills = 50, accounts = 500] = process.argv.slice(2).map(Number);
const KILLS_PER_ROTATION = 5;
const VICTIMS: readonly RotationVictim[] = ['operator', 'operator', 'operator', 'enclave', 'proxy'];

await using system = await startTestSystem();
const project = await createTestProject(system);
const addresses: `0x${string}`[] = [];
while (addresses.length < accounts) {
  const { text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
  addresses.push(JSON.parse(text).address);
}
const first = await runRotationRound(system, { generation: 2, kills: [] });
let done = 0;
for (let generation = 3; done < kills; generation++) {
  const planned = Array.from({ length: Math.min(KILLS_PER_ROTATION, kills - done) }, () => ({
    victim: VICTIMS[randomInt(VICTIMS.length)] as RotationVictim,
    afterMs: randomInt(100, 4000),
  }));
  const { seen, delivered } = await runRotationRound(system, { generation, kills: planned });
  assert.deepEqual(seen, { ...first.seen, generation, openGenerations: [generation - 1, generation] });
  for (const address of addresses) assert.equal(await sign(project, address), null);
  done += delivered.length;
  const said = delivered.map(({ victim, afterMs }) => `${victim} at ${afterMs} ms`).join(', ');
  console.log(
    `${done} kills; generation ${generation}: the same certificate, all ${accounts} sign (${said})`,
  );
}
