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
const {
  generation: _first,
  openGenerations: _open,
  ...expected
} = await runRotationRound(system, {
  generation: 2,
  kills: [],
});
let done = 0;
for (let generation = 3; done < kills; generation++) {
  const round = Array.from({ length: Math.min(KILLS_PER_ROTATION, kills - done) }, () => ({
    victim: VICTIMS[randomInt(VICTIMS.length)] as RotationVictim,
    afterMs: randomInt(200, 6000),
  }));
  const seen = await runRotationRound(system, { generation, kills: round });
  assert.deepEqual(seen, { ...expected, generation, openGenerations: [generation - 1, generation] });
  for (const address of addresses) assert.equal(await sign(project, address), null);
  done += round.length;
  const said = round.map(({ victim, afterMs }) => `${victim} at ${afterMs} ms`).join(', ');
  console.log(
    `${done} kills; generation ${generation}: the same certificate, all ${accounts} sign (${said})`,
  );
}
