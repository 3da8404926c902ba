// `make demo`: the whole story against a running `make dev`, each step checked by somebody who does not trust the service.
import { CdpClient } from '@coinbase/cdp-sdk';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { connectService } from '@strongroom/client/service';
import { readServiceStatus } from '@strongroom/client/service-status';
import {
  type ServiceIdentity,
  verifyAccount,
  verifyProject,
  verifyService,
} from '@strongroom/client/verify-service';
import {
  type Hex,
  hashTypedData,
  keccak256,
  parseTransaction,
  recoverAddress,
  recoverMessageAddress,
  recoverTransactionAddress,
  serializeTransaction,
  toHex,
} from 'viem';
import { type DevFile, devFilePath, readDevFile } from '../dev/dev-file.ts';
import { homeOf } from '../dev/home.ts';

process.env['DISABLE_CDP_ERROR_REPORTING'] = 'true';
process.env['DISABLE_CDP_USAGE_TRACKING'] = 'true';

const file = await runningService().catch((error: Error) => {
  console.error(`make demo has nothing to show: ${error.message}`);
  process.exit(1);
});

let failures = 0;
let steps = 0;
await tellStory(file);
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

/** Runs one step; what it returns is shown, what it throws fails the demo. */
async function step(title: string, run: () => Promise<string>): Promise<void> {
  steps++;
  const startedMs = performance.now();
  try {
    const result = await run();
    console.log(`ok    ${title} (${Math.round(performance.now() - startedMs)} ms)\n      ${result}`);
  } catch (error) {
    failures++;
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`FAIL  ${title}\n      ${reason}`);
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function tellStory(dev: DevFile): Promise<void> {
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret, pcrs } = dev;
  const service = connectService(baseUrl);
  const project = { credentials: { apiKeyId, apiKeySecret }, projectId: Buffer.from(dev.projectId, 'hex') };
  const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
  const images = [{ pcr0: bytes(pcrs['0']), pcr1: bytes(pcrs['1']), pcr2: bytes(pcrs['2']) }] as const;
  const customRoot = Uint8Array.from(
    Buffer.from(dev.rootCertificatePem.replace(/-----[^-]+-----|\s/g, ''), 'base64'),
  );
  let identity: ServiceIdentity | null = null;
  const known = () => {
    if (identity === null) throw new Error('the enclave was not verified');
    return identity;
  };

  await step(
    'The enclave proves what it runs: attestation over a fresh nonce, PCR0, 1 and 2 pinned',
    async () => {
      identity = await verifyService(service, { images, deploymentId: bytes(dev.deploymentId), customRoot });
      return `deployment ${dev.deploymentId.slice(0, 16)}…`;
    },
  );
  await step('Another image is refused', async () => {
    const other = [{ ...images[0], pcr2: new Uint8Array(48).fill(1) }] as const;
    const refusal = await verifyService(service, { images: other, customRoot }).catch(
      (error: { code?: string }) => error,
    );
    expect('code' in refusal && refusal.code === 'PCR_MISMATCH', 'a wrong PCR2 was accepted');
    return 'PCR_MISMATCH';
  });
  await step("The project's certificate shows one Wallet Secret, and it is ours", async () => {
    const certificate = await verifyProject(service, known(), project);
    expect(certificate.walletSecrets.length === 1, 'more than one Wallet Secret');
    return `record version ${certificate.recordVersion}, policies by ${certificate.policyAuthority}`;
  });

  const cdp = new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath: baseUrl });
  const account = await cdp.evm.getOrCreateAccount({ name: 'demo-wallet' });
  await step(
    'The official SDK has an account whose key was made in the enclave; its certificate holds',
    async () => {
      await verifyAccount(service, known(), { ...project, address: account.address });
      return account.address;
    },
  );
  await step('A message is signed (EIP-191), and viem recovers the address', async () => {
    const { signature } = await cdp.evm.signMessage({ address: account.address, message: 'Strongroom' });
    const signer = await recoverMessageAddress({ message: 'Strongroom', signature });
    expect(signer === account.address, `recovered ${signer}`);
    return signature;
  });
  await step('A hash is signed', async () => {
    const hash = keccak256(toHex('Strongroom'));
    const { signature } = await cdp.evm.signHash({ address: account.address, hash });
    expect((await recoverAddress({ hash, signature })) === account.address, 'recovered another address');
    return signature;
  });
  await step('Typed data is signed (EIP-712)', async () => {
    const typedData = {
      domain: {
        name: 'Strongroom',
        chainId: 1,
        verifyingContract: '0x000000000022D473030F116dDEE9F6B43aC78BA3' as Hex,
      },
      types: {
        Payment: [
          { name: 'to', type: 'address' },
          { name: 'amount', type: 'uint256' },
        ],
      },
      primaryType: 'Payment' as const,
      message: { to: '0x000000000000000000000000000000000000dEaD' as Hex, amount: 10n ** 18n },
    };
    const { signature } = await cdp.evm.signTypedData({ address: account.address, ...typedData });
    expect(
      (await recoverAddress({ hash: hashTypedData(typedData), signature })) === account.address,
      'recovered another address',
    );
    return signature;
  });
  await step('An EIP-1559 transaction is signed, field by field as it was given', async () => {
    const transaction = serializeTransaction({
      type: 'eip1559',
      chainId: 84_532,
      nonce: 7,
      to: '0x000000000000000000000000000000000000dEaD',
      value: 10n ** 15n,
      gas: 21_000n,
      maxFeePerGas: 2_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
    });
    const { signature: signed } = await cdp.evm.signTransaction({ address: account.address, transaction });
    const signer = await recoverTransactionAddress({ serializedTransaction: signed as `0x02${string}` });
    expect(signer === account.address, `recovered ${signer}`);
    const { r: _r, s: _s, yParity: _y, v: _v, ...fields } = parseTransaction(signed as `0x02${string}`);
    expect(serializeTransaction(fields) === transaction, 'the signed transaction is another one');
    return `${signed.slice(0, 66)}…`;
  });
  await step('A thief with the API key alone gets nothing signed', async () => {
    const thief = new CdpClient({
      apiKeyId,
      apiKeySecret,
      walletSecret: makeWalletSecret().secret,
      basePath: baseUrl,
    });
    const refusal = (await thief.evm
      .signMessage({ address: account.address, message: 'mine now' })
      .catch((error) => error)) as { statusCode?: number };
    expect(refusal.statusCode === 401, 'a foreign Wallet Secret signed');
    return '401 Wallet authentication error.';
  });
}
