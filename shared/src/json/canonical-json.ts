import { hash } from 'node:crypto';
import type { JsonMember, JsonNode } from './parse-json.ts';

/**
 * How an SDK sorts the keys of what it hashes: `javascript` puts array-index keys first in numeric order and the rest
 * by UTF-16 code unit, `code-point` (Python, Go, Rust, Java) sorts all by code point. The two differ only for
 * array-index keys and for keys that mix U+E000-FFFF with astral characters.
 */
export type KeyOrder = 'javascript' | 'code-point';

const arrayIndex = /^(?:0|[1-9][0-9]{0,9})$/;
const MAX_ARRAY_INDEX = 2 ** 32 - 2;

/**
 * Re-emits a parsed JSON text without whitespace and with sorted keys, every scalar and key as it was sent
 * (CDP wallet token, "token-preserving" canonical form).
 */
export function canonicalJson(node: JsonNode, order: KeyOrder): string {
  return emit(node, order === 'javascript' ? byJavaScript : byCodePoint);
}

/** Returns the wallet token's `reqHash`: lowercase hex SHA-256 of the canonical form's UTF-8 bytes. */
export function requestHash(node: JsonNode, order: KeyOrder): string {
  return hash('sha256', canonicalJson(node, order), 'hex');
}

type KeyComparison = (a: JsonMember, b: JsonMember) => number;

/** Recursion is bounded by the parser's depth limit. */
function emit(node: JsonNode, compare: KeyComparison): string {
  switch (node.kind) {
    case 'object': {
      let text = '{';
      for (const member of inOrder(node.members, compare)) {
        if (text.length > 1) text += ',';
        text += `${member.keySource}:${emit(member.value, compare)}`;
      }
      return `${text}}`;
    }
    case 'array': {
      let text = '[';
      for (const item of node.items) {
        if (text.length > 1) text += ',';
        text += emit(item, compare);
      }
      return `${text}]`;
    }
    case 'string':
    case 'number':
    case 'literal':
      return node.source;
  }
}

function inOrder(members: readonly JsonMember[], compare: KeyComparison): readonly JsonMember[] {
  return members.length < 2 ? members : members.toSorted(compare);
}

function byJavaScript({ key: a }: JsonMember, { key: b }: JsonMember): number {
  const aIndex = arrayIndexOf(a);
  const bIndex = arrayIndexOf(b);
  if (aIndex !== bIndex) return aIndex < bIndex ? -1 : 1;
  return a < b ? -1 : 1;
}

/** The key as an array index, infinite for every other key. */
function arrayIndexOf(key: string): number {
  const first = key.charCodeAt(0);
  if (first < 0x30 || first > 0x39 || !arrayIndex.test(key)) return Number.POSITIVE_INFINITY;
  const index = Number(key);
  return index <= MAX_ARRAY_INDEX ? index : Number.POSITIVE_INFINITY;
}

function byCodePoint({ key: a }: JsonMember, { key: b }: JsonMember): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = codePointRank(a.charCodeAt(i)) - codePointRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Code units ranked so that surrogates, which stand for code points above U+FFFF, come after U+E000-FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
