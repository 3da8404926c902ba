import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type System, type SystemOptions, startSystem } from '../../src/system/start-system.ts';

export interface TestSystem extends System {
  readonly home: string;
}

/** A system that takes wallet tokens, in a directory of its own that is removed with it. */
export async function startTestSystem(options: Omit<SystemOptions, 'home'> = {}): Promise<TestSystem> {
  const home = mkdtempSync(join(tmpdir(), 'strongroom-system-'));
  const removeHome = () => rmSync(home, { recursive: true, force: true });
  try {
    const system = await startSystem({ ...options, home });
    await untilTokensAreTaken();
    // By prototype, since a copy would go on naming the processes that a restart has replaced.
    return Object.assign(Object.create(system) as System, {
      home,
      async restartEnclave() {
        await system.restartEnclave();
        await untilTokensAreTaken();
      },
      async [Symbol.asyncDispose]() {
        await system[Symbol.asyncDispose]();
        removeHome();
      },
    });
  } catch (error) {
    removeHome();
    throw error;
  }
}

/** An enclave refuses tokens of the second in which it started, as it can't know which of them it took before. */
async function untilTokensAreTaken(): Promise<void> {
  await sleep(1005 - (Date.now() % 1000));
}
