#!/usr/bin/env node
// `strongroom`, for owners and operators: it believes nothing of a service that it has not verified.
import { COMMANDS } from './commands.ts';
import { runCli } from './framework/run-cli.ts';

process.exitCode = await runCli(COMMANDS, process.argv.slice(2), {
  async openDeployment(environment) {
    // Loaded when an operator's command needs it: owners have neither databases nor an enclave.
    const { openConfiguredDeployment } = await import('@strongroom/parent-proxy/operator/deployment');
    return await openConfiguredDeployment(environment);
  },
  async storeLocation(environment) {
    const { configuredStore } = await import('@strongroom/parent-proxy/operator/deployment');
    return configuredStore(environment);
  },
});
