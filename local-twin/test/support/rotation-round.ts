// One rotation of the root key under a load of signatures, with SIGKILLs, resumed until it ends.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type RotationCertificate,
  verifyDeploymentRotationCertificate,
} from '@strongroom/attestation/rotation-certificate';
import { connectService } from '@strongroom/client/service';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { recoverAddress } from 'viem';
import { startRotation } from '../../src/system/rotate-in-process.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';
import type { TestProject } from './project.ts';
import { sendSigned } from './signed-request.ts';
import type { TestSystem } from './test-system.ts';

export type RotationVictim = 'operator' | 'proxy' | 'enclave';

export interface RotationRound {
  readonly generation: number;
  /** Who is killed, how long after the rotation began, once each. */
  readonly kills: readonly { readonly victim: RotationVictim; readonly afterMs: number }[];
}

/** Long enough for the twin's proxy to look at the store, once a second. */
const SETTLE_MS = 1500;
const MAX_ATTEMPTS = 10;

/** @returns what the enclave saw, without the times */
export async function runRotationRound(system: TestSystem, { generation, kills }: RotationRound) {
  allowNewDataKeys(system);
  let certificate: Uint8Array | null = null;
  const waiting = [...kills];
  for (let attempt = 1; certificate === null; attempt++) {
    assert(attempt <= MAX_ATTEMPTS, 'the rotation ends');
    const rotation = startRotation({
      storeDirectory: join(system.home, 'data'),
      enclavePort: system.enclave.port,
      generation,
      settleMs: SETTLE_MS,
      share: 1,
    });
    const kill = waiting.shift();
    const killed = kill === undefined ? Promise.resolve() : killAfter(system, rotation.kill, kill);
    // A rotation whose enclave was killed says that the connection is lost, and nothing is.
    certificate = await rotation.outcome.catch((error: Error) => {
      assert.match(error.message, /CONNECTION_LOST|PHASE_REFUSED/);
      return null;
    });
    await killed;
  }
  return await readCertificate(system, certificate);
}

async function killAfter(
  system: TestSystem,
  killOperator: () => void,
  { victim, afterMs }: RotationRound['kills'][number],
): Promise<void> {
  await sleep(afterMs);
  if (victim === 'operator') return killOperator();
  if (victim === 'proxy') {
    await system.proxy.kill();
    return await system.restartProxy();
  }
  await system.enclave.kill();
  await system.restartEnclave();
}

/** What the key administrator does for the length of a rotation. */
function allowNewDataKeys(system: TestSystem): void {
  system.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([system.measurements], 'genesis'));
}

async function readCertificate(system: TestSystem, certificate: Uint8Array) {
  const { manifest } = await connectService(system.baseUrl).attestation(randomBytes(32));
  const { identityKey } = decodeCbor(manifest) as { readonly identityKey: Uint8Array };
  const verified: RotationCertificate = await verifyDeploymentRotationCertificate(certificate, identityKey);
  const { startedAtMs, completedAtMs, rootRecordVersion, ...seen } = verified;
  assert(startedAtMs <= completedAtMs && rootRecordVersion > 1);
  return seen;
}

export interface SigningLoad {
  /** Stops it. @returns how many requests were signed, and what the others were answered */
  stop(): Promise<{ readonly signed: number; readonly refusals: readonly string[] }>;
}

/** Signs with one account after the other, one request at a time, and checks each signature. */
export function startSigningLoad(project: TestProject, addresses: readonly `0x${string}`[]): SigningLoad {
  let isStopped = false;
  let signed = 0;
  const refusals: string[] = [];
  async function work(): Promise<void> {
    for (let index = 0; !isStopped; index = (index + 1) % addresses.length) {
      const address = addresses[index] as `0x${string}`;
      const refusal = await sign(project, address).catch((error: unknown) => String(error));
      if (refusal === null) signed += 1;
      else refusals.push(refusal);
    }
  }
  const working = work();
  return {
    async stop() {
      isStopped = true;
      await working;
      return { signed, refusals };
    },
  };
}

/** @returns null, or why there is no right signature */
export async function sign(project: TestProject, address: `0x${string}`): Promise<string | null> {
  const hash = `0x${randomBytes(32).toString('hex')}` as const;
  const path = `/v2/evm/accounts/${address}/sign`;
  const { status, text } = await sendSigned(project, 'POST', path, { body: { hash } });
  if (status !== 200) return `${status} ${text}`;
  const signer = await recoverAddress({ hash, signature: JSON.parse(text).signature });
  return signer === address ? null : `signed by ${signer}`;
}
