import { connectService } from '@strongroom/client/service';
import type { TestProject } from './project.ts';

/** The project's import key as the service publishes it, PEM. */
export async function importKeyOf({ baseUrl, apiKeyId, apiKeySecret }: TestProject): Promise<string> {
  return (await connectService(baseUrl).importKey({ apiKeyId, apiKeySecret })).publicKeyPem;
}
