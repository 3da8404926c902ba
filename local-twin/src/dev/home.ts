import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { System } from '../system/start-system.ts';

/** Where `make dev` keeps everything: `STRONGROOM_HOME`, or .strongroom here. */
export function homeOf(environment: Readonly<NodeJS.ProcessEnv>): string {
  return resolve(environment['STRONGROOM_HOME'] || '.strongroom');
}

/**
 * Makes the folder and takes it for this process, until it ends however it ends: the lock is the operating system's.
 * @throws Error, to be shown, when it cannot be written to or another process has it
 */
export function takeHome(home: string): void {
  let lock: DatabaseSync | null = null;
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(join(home, 'in-use.lock'));
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    const isTaken = (cause as { errcode?: unknown }).errcode === SQLITE_BUSY;
    const problem = isTaken
      ? `another "make dev" runs on ${home}; stop it, or set STRONGROOM_HOME.`
      : `${home} cannot be written to; set STRONGROOM_HOME to a folder that can.`;
    throw new Error(problem, { cause });
  }
  // Held so long: without a reference it would be collected, and closed.
  const taken = lock;
  process.once('exit', () => taken.close());
}

const SQLITE_BUSY = 5;

/** What an operator's command has to know of a running `make dev`: the proxy's settings. */
export interface OperatorSettings {
  readonly STRONGROOM_DATA_DIR: string;
  readonly STRONGROOM_ENCLAVE_PORT: string;
}

export const operatorFilePath = (home: string) => join(home, 'operator.json');

/** Files for who tries the commands: what an operator has, the token that permits new projects until the next start, and the root to verify under. */
export function writeOperatorFiles(
  home: string,
  {
    enclave,
    enrolmentToken,
    rootCertificatePem,
  }: Pick<System, 'enrolmentToken' | 'rootCertificatePem'> & { readonly enclave: { readonly port: number } },
): void {
  const settings: OperatorSettings = {
    STRONGROOM_DATA_DIR: join(home, 'data'),
    STRONGROOM_ENCLAVE_PORT: `${enclave.port}`,
  };
  writeFileSync(operatorFilePath(home), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  writeFileSync(join(home, 'enrolment-token'), `${enrolmentToken}\n`, { mode: 0o600 });
  writeFileSync(join(home, 'root.pem'), rootCertificatePem);
}
