// Goes through every commit of what a client asks for, and kills a process right before and right after it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { type CrashPoint, crashPointFile } from '../../../parent-proxy/test/store/crash-at-commit.ts';

/** Node's options that put the crash points into a process. */
export const CRASH_POINTS = [
  '--import',
  new URL('../../../parent-proxy/test/store/crash-at-commit.ts', import.meta.url).href,
];

/** A process that is killed at a commit, and started again. */
export interface Victim {
  readonly name: string;
  /** Null for the process that commits. */
  readonly pid: () => number | null;
  readonly restart: () => Promise<void>;
}

/** Something that a client asks for and that the store keeps in several commits. */
export interface Scenario<Trial, Told> {
  /** Whatever has to be there before. */
  readonly prepare: () => Promise<Trial>;
  /** @returns what the client was told; rejects when he was told nothing */
  readonly act: (trial: Trial) => Promise<Told>;
  /** @throws AssertionError when something that was told is lost, or something half-done shows */
  readonly check: (trial: Trial, told: Told | null) => Promise<void>;
}

const file = crashPointFile(process.pid);

/** @returns how many commits there are */
export async function killAtEveryCommit<Trial, Told>(
  victims: readonly Victim[],
  { prepare, act, check }: Scenario<Trial, Told>,
): Promise<number> {
  for (let commit = 1; ; commit++) {
    for (const when of ['before', 'after'] as const) {
      for (const victim of victims) {
        const trial = await prepare();
        const point: CrashPoint = { id: randomUUID(), commit, when, victim: victim.pid() };
        writeFileSync(file, JSON.stringify(point));
        const told = await act(trial).catch(() => null);
        const isReached = !existsSync(file);
        rmSync(file, { force: true });
        if (!isReached) {
          assert.equal(when, 'before', `commit ${commit} came once and not again`);
          assert.notEqual(told, null, 'whoever is not disturbed is told');
          await check(trial, told);
          return commit - 1;
        }
        await victim.restart();
        try {
          await check(trial, told);
        } catch (cause) {
          throw new Error(`${victim.name} killed ${when} commit ${commit}: ${String(cause)}`, { cause });
        }
      }
    }
  }
}
