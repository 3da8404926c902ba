// Starts the image that `make eif` built on Nitro. usage: node scripts/enclave-image/run-enclave.ts DIR
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { enclaveMemoryMiB } from './enclave-memory.ts';
import { runTool, ToolError } from './tool.ts';

const PROCESSORS = 2;
/** Where the parent's units find the enclave. */
const ENCLAVE_CID = 16;

await runTool(() => {
  const eifFile = join(resolve(process.argv[2] ?? '.'), 'enclave.eif');
  if (!existsSync(eifFile))
    throw new ToolError(2, 'There is no image: run "make eif CONFIG=<measured configuration>" first.');
  const options = Object.entries({
    '--eif-path': eifFile,
    '--enclave-name': 'strongroom',
    '--memory': enclaveMemoryMiB(eifFile),
    '--cpu-count': PROCESSORS,
    '--enclave-cid': ENCLAVE_CID,
  }).flat();
  const { status, error } = spawnSync('nitro-cli', ['run-enclave', ...options.map(String)], {
    stdio: 'inherit',
  });
  if (error) throw new ToolError(1, 'nitro-cli cannot be started: this image runs on Nitro only');
  process.exitCode = status ?? 1;
});
