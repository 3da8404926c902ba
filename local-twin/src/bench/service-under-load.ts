import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { signProjectGenesis } from '@strongroom/client/project-genesis';
import { connectService } from '@strongroom/client/service';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { type System, startSystem } from '../system/start-system.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../system/twin-configuration.ts';
import type { LoadTarget } from './load-process.ts';
import { cpuUsOf, residentMiBOf } from './process-usage.ts';
import { type BenchClient, createRequestSigner } from './signed-request.ts';

/** A twin with one project. */
export interface ServiceUnderLoad extends AsyncDisposable {
  readonly target: LoadTarget;
  /** CPU microseconds of the two processes since they started. */
  cpu(): ServiceCpu;
  enclaveRssMiB(): number;
  kmsRequests(): number;
  /** What the key administrator does for the length of a rotation. */
  allowNewDataKeys(): void;
}

export interface ServiceCpu {
  readonly proxyUs: number;
  readonly enclaveUs: number;
}

/** Makes a policy over HTTP. @returns its id */
export async function createPolicy({ client, proxyPort }: LoadTarget, policy: object): Promise<string> {
  const path = '/v2/policy-engine/policies';
  const body = Buffer.from(JSON.stringify(policy));
  const { bearerToken, walletToken } = createRequestSigner(client).tokens(path, body);
  const response = await fetch(`http://127.0.0.1:${proxyPort}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${bearerToken}`,
      'x-wallet-auth': walletToken,
    },
    body,
  });
  if (!response.ok) throw new Error(`the policy was answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { readonly id: string }).id;
}

/** Starts a twin and makes a project in it, whose certificate is not checked: the service is our own child. */
export async function startServiceUnderLoad(
  home: string,
  execArgv: readonly string[],
): Promise<ServiceUnderLoad> {
  const system = await startSystem({ home, execArgv });
  try {
    const { baseUrl, enclave, proxy, kms } = system;
    const proxyPid = pidOf(proxy.process);
    const enclavePid = pidOf(enclave.process);
    return {
      target: {
        client: await createProject(system),
        proxyPort: Number(new URL(baseUrl).port),
        enclavePort: enclave.port,
        storeDirectory: join(home, 'data'),
      },
      cpu: () => ({ proxyUs: cpuUsOf(proxyPid), enclaveUs: cpuUsOf(enclavePid) }),
      enclaveRssMiB: () => residentMiBOf(enclavePid),
      allowNewDataKeys: () => kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([system.measurements], 'genesis')),
      kmsRequests: () => Object.values(kms.requests).reduce((sum, count) => sum + count, 0),
      [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
    };
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw error;
  }
}

async function createProject({ baseUrl, enrolmentToken }: System): Promise<BenchClient> {
  const service = connectService(baseUrl);
  const { manifest } = await service.attestation(randomBytes(32));
  const { deploymentId } = decodeCbor(manifest) as { readonly deploymentId: Uint8Array };
  const authority = new URL(baseUrl).host;
  const walletSecret = makeWalletSecret();
  const apiKey = makeApiKey();
  const { genesis } = signProjectGenesis({
    deploymentId,
    nonce: await service.projectNonce(enrolmentToken),
    walletSecret,
    apiKey,
    choices: {
      authorities: [authority],
      policyAuthority: 'api-key',
      exportAllowed: false,
      scopes: ['read', 'sign', 'policies#manage'],
    },
  });
  await service.createProject(genesis, enrolmentToken);
  return { authority, apiKeyId: apiKey.id, apiKeySecret: apiKey.secret, walletSecret: walletSecret.secret };
}

function pidOf({ pid }: { readonly pid?: number | undefined }): number {
  if (pid === undefined) throw new Error('the process has no id');
  return pid;
}
