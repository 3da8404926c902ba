// TRUST BOUNDARY: request bodies, from whoever holds a credential.
import { Buffer } from 'node:buffer';
import { KmsException } from './kms-exception.ts';

/** A request body, its fields unchecked. */
export type RequestFields = Readonly<Record<string, unknown>>;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws KmsException SerializationException when the body is no JSON object */
export function parseRequestBody(untrustedBody: Uint8Array): RequestFields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(untrustedBody));
  } catch (cause) {
    throw new KmsException('SerializationException', null, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new KmsException('SerializationException', null);
  return parsed as RequestFields;
}

/** An optional string. @throws KmsException SerializationException for another type */
export function optionalText(fields: RequestFields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string')
    throw new KmsException('SerializationException', null);
  return value;
}

/** A string that must be there. @throws KmsException ValidationException or SerializationException */
export function requiredText(fields: RequestFields, name: string): string {
  return (
    optionalText(fields, name) ??
    invalid(`Value null at '${memberName(name)}' failed to satisfy constraint: Member must not be null`)
  );
}

/** Base64 of 1 to `maxBytes` bytes. @throws KmsException ValidationException or SerializationException */
export function requiredBytes(fields: RequestFields, name: string, maxBytes: number): Uint8Array {
  const text = requiredText(fields, name);
  if (!BASE64.test(text)) throw new KmsException('SerializationException', null);
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  if (bytes.length < 1 || bytes.length > maxBytes) {
    invalid(
      `Value at '${memberName(name)}' failed to satisfy constraint: Member must have length between 1 and ${maxBytes}`,
    );
  }
  return bytes;
}

/** An optional integer in a range. @throws KmsException ValidationException or SerializationException */
export function optionalInteger(
  fields: RequestFields,
  name: string,
  [minimum, maximum]: readonly [number, number],
): number | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new KmsException('SerializationException', null);
  if (value < minimum || value > maximum) {
    invalid(
      `Value '${value}' at '${memberName(name)}' failed to satisfy constraint: Member must have value between ${minimum} and ${maximum}`,
    );
  }
  return value;
}

/** An optional object. @throws KmsException SerializationException for another type */
export function optionalObject(fields: RequestFields, name: string): RequestFields | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || Array.isArray(value))
    throw new KmsException('SerializationException', null);
  return value as RequestFields;
}

/** EncryptionContext: an object of strings, empty by default. @throws KmsException SerializationException */
export function encryptionContextOf(fields: RequestFields): Readonly<Record<string, string>> {
  const context = optionalObject(fields, 'EncryptionContext') ?? {};
  if (!Object.values(context).every((value) => typeof value === 'string'))
    throw new KmsException('SerializationException', null);
  return context as Readonly<Record<string, string>>;
}

const memberName = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

function invalid(detail: string): never {
  throw new KmsException('ValidationException', `1 validation error detected: ${detail}`);
}
