import type { CborValue } from './cbor-value.ts';
import { WireError } from './wire-error.ts';

const UNSIGNED = 0x00;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const MAX_HEAD_BYTES = 9;
/** Below this a loop is faster than a call into the engine. */
const SHORT_TEXT = 64;
const MAX_CACHED_KEYS = 1024;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/** Encoded field names. They are constants of our code, so there are few; the bound is for the day when one is not. */
const encodedKeys = new Map<string, Uint8Array>();

/** Encodes one message after the other into a buffer of its own. */
export class CborWriter {
  #buffer = Buffer.alloc(16 * 1024);
  #at = 0;

  /**
   * The value in deterministic encoding, as an own copy.
   * @throws WireError CBOR_NOT_ENCODABLE for a value outside the profile
   */
  encode(value: CborValue): Uint8Array {
    this.#at = 0;
    this.#writeItem(value);
    return Uint8Array.from(this.#buffer.subarray(0, this.#at));
  }

  #writeItem(value: CborValue): void {
    switch (typeof value) {
      case 'boolean':
        this.#writeHead(value ? TRUE : FALSE, 0);
        return;
      case 'string':
        this.#writeText(value);
        return;
      case 'number':
        if (!Number.isSafeInteger(value) || value < 0) throw new WireError('CBOR_NOT_ENCODABLE');
        this.#writeHead(UNSIGNED, value);
        return;
      case 'object':
        if (value === null) this.#writeHead(NULL, 0);
        else if (value instanceof Uint8Array) this.#writeBytes(value);
        else if (Array.isArray(value)) this.#writeArray(value as readonly CborValue[]);
        else this.#writeMap(value as { readonly [key: string]: CborValue });
        return;
      default:
        throw new WireError('CBOR_NOT_ENCODABLE');
    }
  }

  /** Major type and argument in the shortest form. */
  #writeHead(major: number, argument: number): void {
    this.#reserve(MAX_HEAD_BYTES);
    if (argument < 24) {
      this.#buffer[this.#at++] = major | argument;
    } else if (argument <= 0xff) {
      this.#buffer[this.#at++] = major | 24;
      this.#buffer[this.#at++] = argument;
    } else if (argument <= 0xffff) {
      this.#buffer[this.#at++] = major | 25;
      this.#at = this.#buffer.writeUInt16BE(argument, this.#at);
    } else if (argument <= 0xffff_ffff) {
      this.#buffer[this.#at++] = major | 26;
      this.#at = this.#buffer.writeUInt32BE(argument, this.#at);
    } else {
      this.#buffer[this.#at++] = major | 27;
      this.#at = this.#buffer.writeUInt32BE(Math.floor(argument / 2 ** 32), this.#at);
      this.#at = this.#buffer.writeUInt32BE(argument % 2 ** 32, this.#at);
    }
  }

  #writeText(text: string): void {
    if (text.length < SHORT_TEXT && this.#writeShortAscii(text)) return;
    if (!text.isWellFormed()) throw new WireError('CBOR_NOT_ENCODABLE');
    const length = Buffer.byteLength(text);
    this.#writeHead(TEXT, length);
    this.#reserve(length);
    this.#at += this.#buffer.write(text, this.#at, 'utf8');
  }

  /** @returns false, with nothing written, when the text is not ASCII */
  #writeShortAscii(text: string): boolean {
    const start = this.#at;
    this.#writeHead(TEXT, text.length);
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.#at = start;
        return false;
      }
      this.#buffer[this.#at++] = unit;
    }
    return true;
  }

  #writeBytes(bytes: Uint8Array): void {
    this.#writeHead(BYTES, bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #writeArray(items: readonly CborValue[]): void {
    this.#writeHead(ARRAY, items.length);
    for (const item of items) this.#writeItem(item);
  }

  #writeMap(map: { readonly [key: string]: CborValue }): void {
    const prototype: unknown = Object.getPrototypeOf(map);
    if (prototype !== Object.prototype && prototype !== null) throw new WireError('CBOR_NOT_ENCODABLE');
    const keys = Object.keys(map).sort(compareKeys);
    this.#writeHead(MAP, keys.length);
    for (const key of keys) {
      const encoded = encodedKeys.get(key) ?? encodeKey(key);
      this.#reserve(encoded.length);
      this.#buffer.set(encoded, this.#at);
      this.#at += encoded.length;
      this.#writeItem(map[key] as CborValue);
    }
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#buffer.length) return;
    const grown = Buffer.alloc(Math.max(2 * this.#buffer.length, this.#at + length));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

/** Bytewise order of the encoded keys: shorter first, then by content. */
function compareKeys(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

function encodeKey(key: string): Uint8Array {
  if (!FIELD_NAME.test(key)) throw new WireError('CBOR_NOT_ENCODABLE');
  const name = Buffer.from(key, 'latin1');
  const head = name.length < 24 ? [TEXT | name.length] : [TEXT | 24, name.length];
  const encoded = Uint8Array.from([...head, ...name]);
  if (encodedKeys.size < MAX_CACHED_KEYS) encodedKeys.set(key, encoded);
  return encoded;
}
