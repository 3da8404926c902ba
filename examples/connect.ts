import { existsSync, readFileSync } from 'node:fs';
import { CdpClient } from '@coinbase/cdp-sdk';

// The SDK reports its calls to a host of Coinbase's unless it is told not to.
process.env['DISABLE_CDP_ERROR_REPORTING'] = 'true';
process.env['DISABLE_CDP_USAGE_TRACKING'] = 'true';

interface DevFile {
  readonly baseUrl: string;
  readonly apiKeyId: string;
  readonly apiKeySecret: string;
  readonly walletSecret: string;
  /** The project's own import key, PEM. */
  readonly importPublicKeyPem: string;
}

/** The official SDK, with nothing changed but its base path. */
export function connect(): { cdp: CdpClient; importPublicKeyPem: string } {
  const file = process.env['STRONGROOM_DEV_FILE'] ?? '.strongroom/dev.json';
  if (!existsSync(file)) {
    console.error(
      `There is no ${file}: run "make dev" in another terminal, and this in the repository's folder.`,
    );
    process.exit(1);
  }
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret, importPublicKeyPem } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as DevFile;
  return {
    cdp: new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath: baseUrl }),
    importPublicKeyPem,
  };
}
