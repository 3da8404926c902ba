import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './usage-error.ts';

/** Options of one call, checked against the command's table. */
export type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** @throws UsageError when it is missing */
export function required(values: Values, name: string): string {
  const value = text(values, name);
  if (value === undefined) throw new UsageError(`--${name} is missing.`);
  return value;
}

/** Of an option that is repeatable. */
export function list(values: Values, name: string): readonly string[] | undefined {
  const value = values[name];
  return Array.isArray(value) ? value : undefined;
}

export function integer(values: Values, name: string): number | undefined {
  const value = text(values, name);
  return value === undefined ? undefined : Number(value);
}

export function flag(values: Values, name: string): boolean {
  return values[name] === true;
}

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time span such as 90s, 30m, 72h or 7d, in milliseconds. @throws UsageError */
export function spanMs(values: Values, name: string): number | undefined {
  const written = text(values, name);
  if (written === undefined) return undefined;
  const [, count, unit] = /^([1-9][0-9]{0,5})([smhd])$/.exec(written) ?? [];
  if (count === undefined) throw new UsageError(`--${name} is a time such as 90s, 30m, 72h or 7d.`);
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** The text of a file that the caller named. @throws UsageError */
export function readNamedFile(path: string): string {
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new UsageError(`${path} cannot be read.`);
  }
}

/** As `readNamedFile`, of a file with a secret. @throws UsageError when everybody on this machine may read it */
export function readSecretFile(path: string): string {
  const content = readNamedFile(path);
  const status = statSync(path);
  if (process.platform !== 'win32' && status.isFile() && (status.mode & 0o007) !== 0)
    throw new UsageError(`Everybody on this machine may read ${path}. If nobody has: chmod 600 ${path}`);
  return content;
}

/** A JSON object from a file that the caller named. @throws UsageError */
export function readJsonFile(path: string, read = readNamedFile): Readonly<Record<string, unknown>> {
  const content = read(path);
  try {
    const json: unknown = JSON.parse(content);
    if (typeof json === 'object' && json !== null && !Array.isArray(json))
      return json as Record<string, unknown>;
  } catch {
    // Not said with the parser's words, which may quote what is in the file.
  }
  throw new UsageError(`${path} is not a JSON object.`);
}

/** Path of a new file for something secret. @throws UsageError when there is such a file, or there cannot be one */
export function newFilePath(values: Values, name = 'out'): string {
  const path = required(values, name);
  if (existsSync(path)) throw new UsageError(`${path} exists; nothing is written over it.`);
  try {
    // Before anything is asked of the service: what it then answers must have a place.
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch {
    throw new UsageError(
      `${path} cannot be written: there is no such folder, or it is not yours to write to.`,
    );
  }
  return path;
}
