// `make demo`: the whole story against a running `make dev`, each step checked by somebody who does not trust the service.
import { readServiceStatus } from '@strongroom/client/service-status';
import { type DevFile, devFilePath, readDevFile } from '../dev/dev-file.ts';
import { homeOf } from '../dev/home.ts';
import { refuseThief, sdkOf, signHash, signMessage, signTransaction, signTypedData } from './signing.ts';
import { type Step, startSteps } from './steps.ts';
import {
  refuseAnotherImage,
  verifierOf,
  verifyEnclave,
  verifyOwnAccount,
  verifyOwnProject,
} from './verification.ts';

process.env['DISABLE_CDP_ERROR_REPORTING'] = 'true';
process.env['DISABLE_CDP_USAGE_TRACKING'] = 'true';

const file = await runningService().catch((error: Error) => {
  console.error(`make demo has nothing to show: ${error.message}`);
  process.exit(1);
});

const { step, counts } = startSteps();
await tellStory(file, step);
const { steps, failures } = counts;
console.log(failures === 0 ? `\nAll ${steps} steps hold.` : `\n${failures} of ${steps} steps FAILED.`);
process.exit(failures === 0 ? 0 : 1);

/** What `make dev` wrote, once its service answers. @throws Error, to be shown */
async function runningService(): Promise<DevFile> {
  const home = homeOf(process.env);
  const found = readDevFile(home);
  if (found === null)
    throw new Error(`there is no ${devFilePath(home)}; run "make dev" in another terminal first.`);
  await readServiceStatus(found.baseUrl).catch((cause: unknown) => {
    throw new Error(`nobody answers at ${found.baseUrl}; run "make dev" in another terminal first.`, {
      cause,
    });
  });
  return found;
}

async function tellStory(dev: DevFile, tell: Step): Promise<void> {
  const verifier = verifierOf(dev);
  await tell('The enclave proves what it runs: attestation over a fresh nonce, PCR0, 1 and 2 pinned', () =>
    verifyEnclave(verifier),
  );
  await tell('Another image is refused', () => refuseAnotherImage(verifier));
  await tell("The project's certificate shows one Wallet Secret, and it is ours", () =>
    verifyOwnProject(verifier),
  );

  const cdp = sdkOf(dev, dev.walletSecret);
  const { address } = await cdp.evm.getOrCreateAccount({ name: 'demo-wallet' });
  const wallet = { cdp, address };
  await tell('The official SDK has an account whose key was made in the enclave; its certificate holds', () =>
    verifyOwnAccount(verifier, address),
  );
  await tell('A message is signed (EIP-191), and viem recovers the address', () => signMessage(wallet));
  await tell('A hash is signed', () => signHash(wallet));
  await tell('Typed data is signed (EIP-712)', () => signTypedData(wallet));
  await tell('An EIP-1559 transaction is signed, field by field as it was given', () =>
    signTransaction(wallet),
  );
  await tell('A thief with the API key alone gets nothing signed', () => refuseThief(dev, wallet));
}
