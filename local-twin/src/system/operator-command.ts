// The twin's composition root of the `strongroom` command for operators: production code on TCP, with the twin's credentials.
// usage: STRONGROOM_DATA_DIR=DIR STRONGROOM_ENCLAVE_PORT=PORT node --conditions=source operator-command.ts WORDS
import { COMMANDS } from '@strongroom/cli/commands';
import { runCli } from '@strongroom/cli/framework/run-cli';
import { configuredStore, openDeployment } from '@strongroom/parent-proxy/operator/deployment';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { readConfig } from '../../../parent-proxy/src/config.ts';
import { staticCredentials } from '../../../parent-proxy/src/enclave/credentials.ts';
import { TWIN_CREDENTIALS } from './twin-configuration.ts';

process.exitCode = await runCli(COMMANDS, process.argv.slice(2), {
  async openDeployment(environment) {
    const { store, enclave } = readConfig(environment);
    const { accessKeyId, secretAccessKey, sessionToken } = TWIN_CREDENTIALS;
    const credentials = staticCredentials({ accessKeyId, secretAccessKey, sessionToken });
    return await openDeployment({ store, dialer: tcpDialer(enclave.port), credentials });
  },
  async storeLocation(environment) {
    return configuredStore(environment);
  },
});
