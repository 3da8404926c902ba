import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Rows to a transaction, as a rotation has them. */
const BATCH = 200;
const SALT_AT = 5;
const COMMITMENT_AT = 37;
const CIPHERTEXT_AT = 69;
const TAG_BYTES = 16;
const SINGLE_USE_IV = new Uint8Array(12);
/** As long as that of a wallet key. */
const ASSOCIATED_DATA = randomBytes(260);

/** CPU microseconds of one account. */
export interface BareCost {
  readonly resealUs: number;
  readonly reviewUs: number;
}

/**
 * What one account cannot do without in a rotation: record and key opened and sealed (HKDF-SHA-256, AES-256-GCM, each
 * twice), both rows read and both replaced in copies of the two databases; then, for the review, both read and opened once more.
 */
export function bareRotationUs(storeDirectory: string, accounts: number): BareCost {
  const copies = mkdtempSync(join(tmpdir(), 'strongroom-bare-'));
  const [primary, vault] = ['primary', 'vault'].map((name) => copyOf(storeDirectory, copies, name)) as [
    DatabaseSync,
    DatabaseSync,
  ];
  try {
    const keys = primary.prepare('SELECT project_id, family, address_key FROM account LIMIT ?').all(accounts);
    const ikm = createSecretKey(randomBytes(64));
    const reseal = createReseal(primary, vault, ikm);
    const pass = (isOwn: boolean) => {
      for (let from = 0; from < keys.length; from += BATCH) {
        reseal(keys.slice(from, from + BATCH) as unknown as AccountKeyRow[], isOwn);
      }
    };
    pass(false);
    const costOf = (act: () => void) => {
      const before = process.cpuUsage();
      act();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / keys.length;
    };
    return {
      resealUs: costOf(() => pass(true)),
      reviewUs: costOf(() => createReview(primary, vault, ikm)(keys as unknown as AccountKeyRow[])),
    };
  } finally {
    primary.close();
    vault.close();
    rmSync(copies, { recursive: true, force: true });
  }
}

interface AccountKeyRow {
  readonly project_id: Uint8Array;
  readonly family: string;
  readonly address_key: string;
}

function copyOf(from: string, to: string, name: string): DatabaseSync {
  const path = join(to, `${name}.sqlite`);
  const source = new DatabaseSync(join(from, `${name}.sqlite`), { readOnly: true });
  source.prepare('VACUUM INTO ?').run(path);
  source.close();
  const copy = new DatabaseSync(path);
  // As the store has them: replaced ciphertext is overwritten.
  copy.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
  return copy;
}

function createReseal(primary: DatabaseSync, vault: DatabaseSync, ikm: KeyObject) {
  const place = 'project_id = ? AND family = ? AND address_key = ?';
  const readAccount = primary.prepare(`SELECT record_sealed, vault_id FROM account WHERE ${place}`);
  const writeAccount = primary.prepare(`UPDATE account SET record_sealed = ? WHERE ${place}`);
  const readKey = vault.prepare('SELECT sealed FROM wallet_key WHERE vault_id = ?');
  const writeKey = vault.prepare('UPDATE wallet_key SET sealed = ? WHERE vault_id = ?');
  return (keys: readonly AccountKeyRow[], isOwn: boolean): void => {
    vault.exec('BEGIN IMMEDIATE');
    primary.exec('BEGIN IMMEDIATE');
    for (const { project_id, family, address_key } of keys) {
      const account = readAccount.get(project_id, family, address_key) as Record<string, Uint8Array>;
      const vaultId = account['vault_id'] as Uint8Array;
      const { sealed } = readKey.get(vaultId) as { sealed: Uint8Array };
      const record = openAndSeal(ikm, account['record_sealed'] as Uint8Array, isOwn);
      writeKey.run(openAndSeal(ikm, sealed, isOwn), vaultId);
      writeAccount.run(record, project_id, family, address_key);
    }
    vault.exec('COMMIT');
    primary.exec('COMMIT');
  };
}

function createReview(primary: DatabaseSync, vault: DatabaseSync, ikm: KeyObject) {
  const place = 'project_id = ? AND family = ? AND address_key = ?';
  const readAccount = primary.prepare(`SELECT record_sealed, vault_id FROM account WHERE ${place}`);
  const readKey = vault.prepare('SELECT sealed FROM wallet_key WHERE vault_id = ?');
  return (keys: readonly AccountKeyRow[]): void => {
    for (const { project_id, family, address_key } of keys) {
      const account = readAccount.get(project_id, family, address_key) as Record<string, Uint8Array>;
      const { sealed } = readKey.get(account['vault_id'] as Uint8Array) as { sealed: Uint8Array };
      open(ikm, account['record_sealed'] as Uint8Array, true);
      open(ikm, sealed, true);
    }
  };
}

/** Opens a blob and seals what was in it. The blobs of the first pass are under keys of the enclave's, so their tag is not looked at. */
function openAndSeal(ikm: KeyObject, blob: Uint8Array, isOwn: boolean): Uint8Array {
  const plaintext = open(ikm, blob, isOwn);
  const salt = randomBytes(COMMITMENT_AT - SALT_AT);
  const cipher = createCipheriv('aes-256-gcm', deriveKey(ikm, salt), SINGLE_USE_IV).setAAD(ASSOCIATED_DATA);
  const sealed = [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([
    blob.subarray(0, SALT_AT),
    salt,
    blob.subarray(COMMITMENT_AT, CIPHERTEXT_AT),
    ...sealed,
  ]);
}

function open(ikm: KeyObject, blob: Uint8Array, isOwn: boolean): Uint8Array {
  const end = blob.length - TAG_BYTES;
  const key = deriveKey(ikm, blob.subarray(SALT_AT, COMMITMENT_AT));
  const decipher = createDecipheriv('aes-256-gcm', key, SINGLE_USE_IV, { authTagLength: TAG_BYTES })
    .setAAD(ASSOCIATED_DATA)
    .setAuthTag(blob.subarray(end));
  const plaintext = decipher.update(blob.subarray(CIPHERTEXT_AT, end));
  if (isOwn) decipher.final();
  return plaintext;
}

function deriveKey(ikm: KeyObject, salt: Uint8Array): KeyObject {
  const derived = Buffer.from(hkdfSync('sha256', ikm, salt, 'strongroom/wallet/v1', 64));
  return createSecretKey(derived.subarray(0, 32));
}
