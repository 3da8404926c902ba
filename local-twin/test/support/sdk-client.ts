import { CdpClient } from '@coinbase/cdp-sdk';
import type { TestProject } from './project.ts';

// Read by the SDK at each call; without them it reports every call to a host of Coinbase's.
process.env['DISABLE_CDP_ERROR_REPORTING'] = 'true';
process.env['DISABLE_CDP_USAGE_TRACKING'] = 'true';

/**
 * The official SDK, with nothing changed but its base path. All clients of one process share the configuration of the last one
 * made, so a test that changes project makes its client anew.
 */
export function connectSdk(project: TestProject, basePath = project.baseUrl): CdpClient {
  const { apiKeyId, apiKeySecret, walletSecret } = project;
  return new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath });
}
