import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { CredentialSource } from './credentials.ts';

/**
 * AWS's own chain: environment, the profile of `AWS_PROFILE` in `AWS_CONFIG_FILE`, and the instance's role (IMDSv2). The provider keeps
 * what it got and asks again five minutes before that expires.
 */
export function awsCredentials(): CredentialSource {
  const provide = defaultProvider();
  return {
    async read() {
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provide();
      const expiresAtMs = expiration?.getTime() ?? Number.MAX_SAFE_INTEGER;
      return { accessKeyId, secretAccessKey, sessionToken: sessionToken ?? null, expiresAtMs };
    },
  };
}
