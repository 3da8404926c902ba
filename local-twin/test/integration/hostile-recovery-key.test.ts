// The recovery key: how it is set, and guesses at it.

import { makeWalletSecret } from '@strongroom/client/credentials';
import type { RecoveryKey } from '@strongroom/client/recovery-key';
import { MIN_STRETCHING } from '@strongroom/shared/recovery/stretching';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addSecret,
  afterChange,
  recoveryKeyOfSeed,
  setKey as setKeyFor,
  start,
} from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject } from '../../src/hostile/lab-project.ts';
import { openRecoveryLab, type RecoveryLab } from '../support/recovery-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
/** What the service asks for where its configuration says nothing. */
const DAY_S = 24 * 3600;
let lab: RecoveryLab['lab'];
let enclave: RecoveryLab['enclave'];
let key: RecoveryLab['key'];
let recoveries: RecoveryLab;
/** With a recovery key. */
let mine: LabProject;

beforeAll(async () => {
  recoveries = await openRecoveryLab({});
  ({ lab, enclave, key } = recoveries);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  const project = await createLabProject(enclave);
  mine = afterChange(project, await setKey(project));
});

const challenge = (rows = mine.rows) => recoveries.challenge(rows);
const setKey = (project: LabProject, body: object = {}) =>
  setKeyFor(enclave, project, key, { waitingPeriodSeconds: DAY_S, ...body });

describe('a recovery key', () => {
  it('is not set with weaker stretching than the least, or than it had', async () => {
    const weaker = [{ memoryKiB: 65_535 }, { passes: 2 }, { parallelism: 0 }, { memoryKiB: 8_388_608 }].map(
      (change) => ({ ...MIN_STRETCHING, ...change }),
    );
    for (const stretching of weaker)
      await expect(setKey(mine, { stretching })).rejects.toThrow(code('INVALID_REQUEST'));
    const stronger = { ...MIN_STRETCHING, memoryKiB: 131_072 };
    const upgraded = afterChange(mine, await setKey(mine, { stretching: stronger }));
    expect((await challenge(upgraded.rows)).stretching).toEqual(stronger);
    await expect(setKey(upgraded)).rejects.toThrow(code('INVALID_REQUEST'));
  });

  it('is not set without its own proof', async () => {
    const other = await recoveryKeyOfSeed(4);
    const publicKey = Buffer.from(other.publicKey).toString('base64');
    await expect(setKey(mine, { publicKey })).rejects.toThrow(code('INVALID_REQUEST'));
    await expect(setKey(mine, { publicKey: 'AAAA' })).rejects.toThrow(code('INVALID_REQUEST'));
  });

  it('waits a day at least where the configuration says nothing', async () => {
    await expect(setKey(mine, { waitingPeriodSeconds: DAY_S - 1 })).rejects.toThrow(code('INVALID_REQUEST'));
    expect((await challenge()).waitingPeriodMs).toBe(DAY_S * 1000);
  });
});

describe('guessing', () => {
  it('is stopped after sixteen wrong keys, and does not keep out whoever has the right one', async () => {
    const wrong = await recoveryKeyOfSeed(3);
    const guess = async (by: RecoveryKey) =>
      await start(enclave, { rows: mine.rows, key: by, challenge: await challenge() });
    for (let count = 0; count < 16; count++)
      await expect(guess(wrong)).rejects.toThrow(code('RECOVERY_REFUSED'));
    const more = await Promise.allSettled(Array.from({ length: 8 }, () => guess(wrong)));
    for (const outcome of more) expect(outcome).toMatchObject({ reason: { code: 'RATE_LIMITED' } });
    expect((await addSecret(enclave, mine, makeWalletSecret())).answer.status).toBe(201);
    expect((await guess(key)).answer.status).toBe(201);
  });
});
