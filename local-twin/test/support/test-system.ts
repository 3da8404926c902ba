import { type System, type SystemOptions, startSystem } from '../../src/system/start-system.ts';
import { makeTemporaryHome } from './temporary-home.ts';

export interface TestSystem extends System {
  readonly home: string;
}

/** A system in a directory of its own, which ends with it. */
export async function startTestSystem(options: Omit<SystemOptions, 'home'> = {}): Promise<TestSystem> {
  const home = makeTemporaryHome();
  try {
    const system = await startSystem({ ...options, home: home.path });
    const dispose = async () => {
      await system[Symbol.asyncDispose]();
      home.remove();
    };
    // The prototype keeps the getters alive: a copy would go on naming processes that were restarted since.
    return Object.assign(Object.create(system) as System, {
      home: home.path,
      [Symbol.asyncDispose]: dispose,
    });
  } catch (error) {
    home.remove();
    throw error;
  }
}
