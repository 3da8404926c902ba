// TRUST BOUNDARY: bodies and token segments of requests, from the client through the hostile parent.
import { JsonError } from './json-error.ts';

/** Deepest accepted nesting of objects and arrays. */
export const MAX_JSON_DEPTH = 64;
/** Longest accepted number text; a uint256 has 78 digits. */
export const MAX_JSON_NUMBER_LENGTH = 128;

export interface JsonMember {
  /** Unescaped. */
  readonly key: string;
  /** As sent, with quotes and escapes. */
  readonly keySource: string;
  readonly value: JsonNode;
}

/** A parsed JSON value that keeps the exact source text of every scalar and key. */
export type JsonNode =
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly source: string; readonly value: string }
  | { readonly kind: 'number'; readonly source: string }
  | { readonly kind: 'literal'; readonly source: 'true' | 'false' | 'null' };

interface Cursor {
  readonly text: string;
  position: number;
}

/** Beyond this many members a Set finds duplicates; below it a scan is cheaper. */
const LINEAR_SCAN_LIMIT = 16;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const numberToken = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/**
 * Parses one JSON text (RFC 8259) strictly and keeps the source text of every scalar and key.
 * Stricter than the RFC requires: no byte order mark, no duplicate keys (compared unescaped), no escaped lone
 * surrogates (they have no UTF-8 form to sign), at most 64 levels, at most 128 characters per number.
 * @throws JsonError with a `JSON_*` code; nothing else escapes.
 */
export function parseJson(bytes: Uint8Array): JsonNode {
  const text = decodeUtf8(bytes);
  if (text.charCodeAt(0) === 0xfeff) throw new JsonError('JSON_BYTE_ORDER_MARK');
  const cursor: Cursor = { text, position: 0 };
  const node = parseValue(cursor, skipWhitespace(cursor), 0);
  if (!Number.isNaN(skipWhitespace(cursor))) throw new JsonError('JSON_TRAILING_BYTES');
  return node;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonError('JSON_INVALID_UTF8');
  }
}

/** Moves to the next significant character and returns its code unit, NaN at the end of the text. */
function skipWhitespace(cursor: Cursor): number {
  for (;;) {
    const unit = cursor.text.charCodeAt(cursor.position);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return unit;
    cursor.position += 1;
  }
}

/** `unit` is the code unit at the cursor: callers have just skipped whitespace. */
function parseValue(cursor: Cursor, unit: number, depth: number): JsonNode {
  switch (unit) {
    case 0x22:
      return parseString(cursor);
    case 0x7b:
      return parseObject(cursor, depth + 1);
    case 0x5b:
      return parseArray(cursor, depth + 1);
    case 0x74:
      return parseLiteral(cursor, 'true');
    case 0x66:
      return parseLiteral(cursor, 'false');
    case 0x6e:
      return parseLiteral(cursor, 'null');
    default:
      return parseNumber(cursor);
  }
}

function parseObject(cursor: Cursor, depth: number): JsonNode {
  if (depth > MAX_JSON_DEPTH) throw new JsonError('JSON_TOO_DEEP');
  const members: JsonMember[] = [];
  cursor.position += 1;
  let unit = skipWhitespace(cursor);
  while (unit !== 0x7d || members.length > 0) {
    if (unit !== 0x22) throw new JsonError('JSON_SYNTAX');
    const { value: key, source: keySource } = parseString(cursor);
    if (skipWhitespace(cursor) !== 0x3a) throw new JsonError('JSON_SYNTAX');
    cursor.position += 1;
    members.push({ key, keySource, value: parseValue(cursor, skipWhitespace(cursor), depth) });
    unit = skipWhitespace(cursor);
    if (unit === 0x7d) break;
    if (unit !== 0x2c) throw new JsonError('JSON_SYNTAX');
    cursor.position += 1;
    unit = skipWhitespace(cursor);
  }
  cursor.position += 1;
  assertUniqueKeys(members);
  return { kind: 'object', members };
}

function parseArray(cursor: Cursor, depth: number): JsonNode {
  if (depth > MAX_JSON_DEPTH) throw new JsonError('JSON_TOO_DEEP');
  const items: JsonNode[] = [];
  cursor.position += 1;
  let unit = skipWhitespace(cursor);
  while (unit !== 0x5d || items.length > 0) {
    items.push(parseValue(cursor, unit, depth));
    unit = skipWhitespace(cursor);
    if (unit === 0x5d) break;
    if (unit !== 0x2c) throw new JsonError('JSON_SYNTAX');
    cursor.position += 1;
    unit = skipWhitespace(cursor);
  }
  cursor.position += 1;
  return { kind: 'array', items };
}

function assertUniqueKeys(members: readonly JsonMember[]): void {
  if (members.length > LINEAR_SCAN_LIMIT) {
    if (new Set(members.map(({ key }) => key)).size !== members.length)
      throw new JsonError('JSON_DUPLICATE_KEY');
    return;
  }
  for (const [index, { key }] of members.entries()) {
    for (let earlier = 0; earlier < index; earlier += 1) {
      if (members[earlier]?.key === key) throw new JsonError('JSON_DUPLICATE_KEY');
    }
  }
}

function parseString(cursor: Cursor): JsonNode & { kind: 'string' } {
  const { text } = cursor;
  const start = cursor.position;
  let escaped = false;
  let position = start + 1;
  for (;;) {
    const unit = text.charCodeAt(position);
    if (unit === 0x22) break;
    if (unit === 0x5c) {
      escaped = true;
      position += 1;
    }
    // The comparison is false for NaN, so it also catches the end of the text.
    if (!(unit >= 0x20)) throw new JsonError('JSON_SYNTAX');
    position += 1;
  }
  cursor.position = position + 1;
  const source = text.slice(start, position + 1);
  return {
    kind: 'string',
    source,
    value: escaped ? unescapeString(source) : text.slice(start + 1, position),
  };
}

/** `source` is a quoted string; the engine's own parser decides whether its escapes are valid. */
function unescapeString(source: string): string {
  let value: string;
  try {
    value = JSON.parse(source) as string;
  } catch {
    throw new JsonError('JSON_SYNTAX');
  }
  if (!value.isWellFormed()) throw new JsonError('JSON_LONE_SURROGATE');
  return value;
}

function parseNumber(cursor: Cursor): JsonNode {
  numberToken.lastIndex = cursor.position;
  const source = numberToken.exec(cursor.text)?.[0];
  if (source === undefined) throw new JsonError('JSON_SYNTAX');
  if (source.length > MAX_JSON_NUMBER_LENGTH) throw new JsonError('JSON_NUMBER_TOO_LONG');
  cursor.position += source.length;
  return { kind: 'number', source };
}

function parseLiteral(cursor: Cursor, source: 'true' | 'false' | 'null'): JsonNode {
  if (!cursor.text.startsWith(source, cursor.position)) throw new JsonError('JSON_SYNTAX');
  cursor.position += source.length;
  return { kind: 'literal', source };
}
