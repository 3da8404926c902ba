// node --conditions=source local-twin/test/support/run-crash-rounds.ts [rounds] [seed]
// Kills proxy, enclave or both among 200 creations at once, as often as asked, and stops at the first account that is lost.
import { assertAllSign, type CrashReport, runCrashRound, type Victim } from './crash-round.ts';
import { seededRandom } from './seeded-random.ts';
import { startTestSystem } from './test-system.ts';

const [rounds = 50, seed = Date.now() & 0xffff_ffff] = process.argv.slice(2).map(Number);
const VICTIMS: readonly Victim[] = ['proxy', 'enclave', 'both'];
const CREATES = 200;

console.log(`${rounds} rounds of ${CREATES} creations, seed ${seed}`);
const random = seededRandom(seed);
const reports: CrashReport[] = [];
await using system = await startTestSystem();
for (let round = 1; round <= rounds; round += 1) {
  const victim = VICTIMS[random.below(VICTIMS.length)] as Victim;
  const killAfterAnswers = 1 + random.below(CREATES / 2);
  const report = await runCrashRound(system, { victim, creates: CREATES, killAfterAnswers });
  reports.push(report);
  const { toldOf, interrupted, untold } = report;
  console.log(
    `${round}: ${victim} killed at answer ${killAfterAnswers}; told of ${toldOf.size}, interrupted ${interrupted}, made untold ${untold}`,
  );
}
for (const { project, toldOf } of reports) await assertAllSign(project, toldOf);
const total = reports.reduce((sum, { toldOf }) => sum + toldOf.size, 0);
console.log(`all ${total} accounts that clients were told of sign`);
