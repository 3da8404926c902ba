import { type Child, startChild } from '../../src/system/child.ts';
import type { ProxyProcessOptions } from '../../src/system/proxy-process.ts';
import type { TestSystem } from './test-system.ts';

/** Another proxy over the same store and enclave, as behind a load balancer. */
export function startSecondProxy(
  system: TestSystem,
  rateLimits: ProxyProcessOptions['rateLimits'] = { perKey: 100_000, perProject: 100_000 },
  store: ProxyProcessOptions['store'] = { engine: 'sqlite', directory: `${system.home}/data` },
): Promise<Child> {
  const options: ProxyProcessOptions = {
    store,
    port: 0,
    enclavePort: system.enclave.port,
    enrolmentToken: system.enrolmentToken,
    logLevel: 'silent',
    rateLimits,
    trustedProxies: [],
  };
  return startChild(new URL('../../src/system/proxy-process.ts', import.meta.url), options);
}
