import assert from 'node:assert/strict';
import { startRotation } from '../../src/system/rotate-in-process.ts';
import { CRASH_POINTS, type Scenario } from './crash-matrix.ts';
import type { TestProject } from './project.ts';
import { allowNewDataKeys, rotationOf, runRotationRound, sign } from './rotation-round.ts';
import { sendSigned } from './signed-request.ts';
import type { TestSystem } from './test-system.ts';

interface RotationTrial {
  readonly generation: number;
}

/** A rotation: the same command again ends in the certificate of all accounts, and each of them signs, before that too. */
export async function rotationScenario(
  system: TestSystem,
  project: TestProject,
): Promise<Scenario<RotationTrial, Uint8Array>> {
  const create = async () => {
    const { status, text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
    assert.equal(status, 201, text);
    return JSON.parse(text).address as `0x${string}`;
  };
  const addresses = [await create(), await create(), await create()];
  const expectAllSign = async () => {
    for (const address of addresses) assert.equal(await sign(project, address), null);
  };
  let generation = 1;
  return {
    async prepare() {
      allowNewDataKeys(system);
      generation += 1;
      return { generation };
    },
    async act(trial) {
      const options = rotationOf(system, trial.generation);
      const certificate = await startRotation(options, () => undefined, CRASH_POINTS).outcome;
      return certificate ?? assert.fail('it was killed');
    },
    async check(trial) {
      await expectAllSign();
      const { seen } = await runRotationRound(system, { generation: trial.generation, kills: [] });
      assert.deepEqual(
        [seen.generation, seen.projects, seen.accounts],
        [trial.generation, 1, addresses.length],
      );
      await expectAllSign();
    },
  };
}
