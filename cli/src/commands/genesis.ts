import type { Command } from '../framework/command.ts';
import { withDeployment } from '../input/deployment.ts';

export const genesis: Command = {
  name: 'genesis',
  role: 'operator',
  summary:
    'make the deployment, once in its life: root key and identity, wrapped by every configured KMS key',
  description: 'Where there is a deployment already, nothing is done. The proxy may run meanwhile.',
  options: {},
  irreversible: 'A deployment is made once, and every wallet hangs on it. Run genesis?',
  examples: ['strongroom genesis'],
  json: '{ outcome: "made" or "already-made", phase }',

  async run(invocation) {
    const { makeDeployment } = await import('@strongroom/parent-proxy/operator/genesis');
    const { outcome, phase } = await withDeployment(invocation, makeDeployment);
    const told =
      outcome === 'made' ? 'The deployment is made.' : 'There is a deployment already; nothing was done.';
    return { text: `${told}\nThe enclave is ${phase ?? 'silent'}.`, json: { outcome, phase } };
  },
};
