import type { Deployment } from '@strongroom/parent-proxy/operator/deployment';
import type { Invocation } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';

/** Runs an operator's work on the deployment of the proxy's settings, and closes it. @throws UsageError for settings; what `work` throws */
export async function withDeployment<T>(
  { platform, environment }: Invocation,
  work: (deployment: Deployment) => Promise<T>,
): Promise<T> {
  const deployment = await open({ platform, environment });
  try {
    return await work(deployment);
  } finally {
    await deployment.close();
  }
}

async function open({ platform, environment }: Pick<Invocation, 'platform' | 'environment'>) {
  try {
    return await platform.openDeployment(environment);
  } catch (error) {
    // Its message names the setting and never its value.
    if (error instanceof Error && error.name === 'ConfigError')
      throw new UsageError(`${error.message} Operators' commands run with the proxy's settings.`);
    throw error;
  }
}
