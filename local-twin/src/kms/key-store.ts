import { Buffer } from 'node:buffer';
import { createSecretKey, hash, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type PolicyStatement, parsePolicy } from './policy-document.ts';

/** A symmetric key of the simulated HSM. */
export interface StoredKey {
  readonly arn: string;
  readonly region: string;
  readonly accountId: string;
  /** The last part of the ARN. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly secret: KeyObject;
  /** JSON as it was put. */
  readonly policy: string;
  readonly statements: readonly PolicyStatement[];
}

interface KeyFile {
  readonly arn: string;
  readonly createdAtMs: number;
  readonly secret: string;
  readonly policy: string;
}

const KEY_ARN = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):(\d{12}):key\/([\w-]+)$/;

/** Keys in one directory, a file of mode 0600 for each; a change is durable when the call returns. */
export class KeyStore {
  readonly #directory: string;
  readonly #keys = new Map<string, StoredKey>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(directory)) {
      if (!name.endsWith('.json')) continue;
      const file: KeyFile = JSON.parse(readFileSync(join(directory, name), 'utf8'));
      this.#keys.set(file.arn, loadKey(file));
    }
  }

  get(arn: string): StoredKey | undefined {
    return this.#keys.get(arn);
  }

  /** Makes a key with fresh key material; the ARN must be new. */
  create(arn: string, policy: string, createdAtMs: number): void {
    if (this.#keys.has(arn)) throw new Error(`${arn} exists`);
    this.#put({ arn, createdAtMs, secret: randomBytes(32).toString('base64'), policy });
  }

  setPolicy(arn: string, policy: string): void {
    const key = this.#keys.get(arn);
    if (!key) throw new Error(`${arn} does not exist`);
    this.#put({ arn, createdAtMs: key.createdAtMs, secret: key.secret.export().toString('base64'), policy });
  }

  #put(file: KeyFile): void {
    const key = loadKey(file);
    const path = join(this.#directory, `${hash('sha256', file.arn).slice(0, 32)}.json`);
    const partial = `${path}.${randomUUID()}.partial`;
    writeFileSync(partial, JSON.stringify(file), { mode: 0o600, flush: true });
    renameSync(partial, path);
    const directory = openSync(this.#directory, 'r');
    fsyncSync(directory);
    closeSync(directory);
    this.#keys.set(file.arn, key);
  }
}

function loadKey({ arn, createdAtMs, secret, policy }: KeyFile): StoredKey {
  const [, region, accountId, id] = KEY_ARN.exec(arn) ?? [];
  if (region === undefined || accountId === undefined || id === undefined)
    throw new Error(`${arn} is not the ARN of a key`);
  const material = createSecretKey(Buffer.from(secret, 'base64'));
  return {
    arn,
    region,
    accountId,
    id,
    createdAtMs,
    secret: material,
    policy,
    statements: parsePolicy(policy),
  };
}
