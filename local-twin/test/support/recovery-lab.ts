import { setTimeout as sleep } from 'node:timers/promises';
import type { RecoveryChallenge } from '@strongroom/attestation/recovery-challenge';
import { type ApiKey, makeWalletSecret, type WalletSecret } from '@strongroom/client/credentials';
import type { RecoveryKey } from '@strongroom/client/recovery-key';
import type { ProjectRows } from '@strongroom/shared/operations/fields';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import {
  afterChange,
  challengeOf,
  identityKeyOf,
  recoveryIdOf,
  recoveryKeyOfSeed,
  type SigningProject,
  setKey,
  start,
} from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject } from '../../src/hostile/lab-project.ts';
import {
  type LabEnclave,
  type Laboratory,
  type LaboratoryOptions,
  openLaboratory,
} from '../../src/hostile/laboratory.ts';

export const RECOVERY_WAIT_MS = 2000;

/** Until a recovery that was just started can be completed. */
export const waitForRecovery = () => sleep(RECOVERY_WAIT_MS + 100);

/** A project whose recovery waits, its id, and the secret that it is for. */
export interface WaitingRecovery<P extends SigningProject> {
  readonly waiting: P;
  readonly id: string;
  readonly secret: WalletSecret;
}

/** A ready enclave, and the recovery key of an owner. */
export interface RecoveryLab {
  readonly lab: Laboratory;
  readonly enclave: LabEnclave;
  readonly identityKey: Uint8Array;
  readonly key: RecoveryKey;
  /** A new project with that key. */
  createProject(): Promise<LabProject>;
  challenge(rows: ProjectRows, from?: LabEnclave): Promise<RecoveryChallenge>;
  /** Starts a recovery for a new secret, as its client does. */
  begin<P extends SigningProject>(project: P, apiKey?: ApiKey | null): Promise<WaitingRecovery<P>>;
}

export async function openRecoveryLab(
  options: LaboratoryOptions = { limits: { minRecoveryWaitMs: RECOVERY_WAIT_MS } },
): Promise<RecoveryLab> {
  const lab = await openLaboratory(options);
  const enclave = await lab.bootReady();
  const { manifest } = await enclave.call(getAttestation, { nonce: new Uint8Array(32) });
  const identityKey = identityKeyOf(manifest);
  const key = await recoveryKeyOfSeed(1);
  const challenge = (rows: ProjectRows, from = enclave) => challengeOf(from, rows, identityKey);
  return {
    lab,
    enclave,
    identityKey,
    key,
    challenge,
    async createProject() {
      const project = await createLabProject(enclave);
      return afterChange(project, await setKey(enclave, project, key));
    },
    async begin(project, apiKey = null) {
      const { rows } = project;
      const secret = makeWalletSecret();
      const grant = apiKey && { id: apiKey.id, publicKey: apiKey.publicKey, scopes: ['read', 'sign'] };
      const asked = await challenge(rows);
      const change = await start(enclave, { rows, key, challenge: asked, secret, apiKey: grant });
      return { waiting: afterChange(project, change), id: recoveryIdOf(change), secret };
    },
  };
}
