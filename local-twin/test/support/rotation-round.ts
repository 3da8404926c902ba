// One rotation of the root key under a load of signatures, with SIGKILLs, resumed until it ends.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type RotationCertificate,
  verifyDeploymentRotationCertificate,
} from '@strongroom/attestation/rotation-certificate';
import { connectService } from '@strongroom/client/service';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { recoverAddress } from 'viem';
import type { OperatorProcessOptions } from '../../src/system/operator-process.ts';
import { type RunningRotation, startRotation } from '../../src/system/rotate-in-process.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';
import type { TestProject } from './project.ts';
import { sendSigned } from './signed-request.ts';
import type { TestSystem } from './test-system.ts';

export type RotationVictim = 'operator' | 'proxy' | 'enclave';

export interface PlannedKill {
  readonly victim: RotationVictim;
  /** Since the kill before it, or since the rotation began or went on. */
  readonly afterMs: number;
}

export interface RotationRound {
  readonly generation: number;
  /** One after the other, as long as the rotation runs. */
  readonly kills: readonly PlannedKill[];
}

/** Long enough for the twin's proxy to look at the store, once a second. */
export const SETTLE_MS = 1500;
const MAX_ATTEMPTS = 20;

/** @returns what the enclave saw, without the times; and the kills that came before the rotation's end, which later ones did not */
export async function runRotationRound(system: TestSystem, { generation, kills }: RotationRound) {
  allowNewDataKeys(system);
  const delivered: PlannedKill[] = [];
  let certificate: Uint8Array | null = null;
  for (let attempt = 1; certificate === null; attempt++) {
    assert(attempt <= MAX_ATTEMPTS, 'the rotation ends');
    const rotation = startRotation(rotationOf(system, generation));
    const killing = killWhileRunning(system, rotation, kills.slice(delivered.length));
    certificate = await rotation.outcome.catch(acceptInterruption);
    delivered.push(...(await killing));
  }
  return { seen: await readCertificate(system, certificate), delivered };
}

/** The rotation that leads to a generation, for the system's store and enclave. */
export function rotationOf(system: TestSystem, generation: number): OperatorProcessOptions {
  const { store, enclave } = system;
  return { store, enclavePort: enclave.port, generation, settleMs: SETTLE_MS, share: 1 };
}

/** Without its enclave a rotation loses its connection; one that restarted has forgotten its review. Nothing else may stop it. */
function acceptInterruption(error: Error): null {
  assert.match(error.message, /^(?:CONNECTION_LOST|PHASE_REFUSED|ROTATION_REFUSED)$/);
  return null;
}

async function killWhileRunning(
  system: TestSystem,
  rotation: RunningRotation,
  planned: readonly PlannedKill[],
): Promise<PlannedKill[]> {
  const ended = rotation.outcome.then(
    () => 'ended' as const,
    () => 'ended' as const,
  );
  const delivered: PlannedKill[] = [];
  for (const kill of planned) {
    if ((await Promise.race([ended, sleep(kill.afterMs)])) === 'ended') break;
    delivered.push(kill);
    if (kill.victim === 'operator') {
      rotation.kill();
      break;
    }
    await killAndRestart(system, kill.victim);
  }
  return delivered;
}

async function killAndRestart(system: TestSystem, victim: 'proxy' | 'enclave'): Promise<void> {
  if (victim === 'proxy') {
    await system.proxy.kill();
    return await system.restartProxy();
  }
  await system.enclave.kill();
  await system.restartEnclave();
}

/** What the key administrator does for the length of a rotation. */
export function allowNewDataKeys(system: TestSystem): void {
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
