// TRUST BOUNDARY: regular expressions of policies, from clients.
import { type CharacterSet, characterSet, foldCase } from './character-set.ts';
import { parseBracketClass, parseEscapedCharacter, parseEscapedClass } from './parse-class.ts';
import { PatternReader, refuse } from './pattern-reader.ts';

// The grammar is RE2's (github.com/google/re2/wiki/Syntax) without \C. Groups capture nothing and laziness has no
// effect: only whether a text matches is ever asked.

export type Assertion =
  | 'textStart'
  | 'textEnd'
  | 'lineStart'
  | 'lineEnd'
  | 'wordBoundary'
  | 'notWordBoundary';

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly nodes: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly nodes: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly node: PatternNode; readonly min: number; readonly max: number };

interface Flags {
  readonly foldsCase: boolean;
  readonly isMultiLine: boolean;
  readonly dotMatchesNewline: boolean;
}

interface Context {
  readonly reader: PatternReader;
  readonly groupNames: Set<string>;
  flags: Flags;
}

/** RE2 refuses a larger count. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 50;

/**
 * Parses an RE2 pattern.
 * @throws INVALID_POLICY when RE2 would refuse it, or it uses what is left out: \C, Unicode folding, rare Unicode classes
 */
export function parsePattern(pattern: string): PatternNode {
  const flags = { foldsCase: false, isMultiLine: false, dotMatchesNewline: false };
  const context: Context = { reader: new PatternReader(pattern), groupNames: new Set(), flags };
  const node = parseChoice(context, 0);
  if (!context.reader.isAtEnd) throw refuse('has an unmatched closing parenthesis');
  return node;
}

function parseChoice(context: Context, depth: number): PatternNode {
  if (depth > MAX_DEPTH) throw refuse('is nested too deeply');
  const nodes = [parseSequence(context, depth)];
  while (context.reader.take('|')) nodes.push(parseSequence(context, depth));
  return nodes.length === 1 ? (nodes[0] as PatternNode) : { kind: 'choice', nodes };
}

function parseSequence(context: Context, depth: number): PatternNode {
  const { reader } = context;
  const nodes: PatternNode[] = [];
  while (!reader.isAtEnd && reader.peek() !== '|' && reader.peek() !== ')') {
    if (reader.take('\\Q')) {
      for (const node of parseQuoted(context)) nodes.push(node);
      continue;
    }
    const atom = parseAtom(context, depth);
    if (atom !== null) nodes.push(parseRepeat(context, atom));
    else if (parseQuantifier(reader) !== null) throw refuse('repeats nothing');
  }
  return { kind: 'sequence', nodes };
}

/** \Q...\E, to the end of the pattern without \E; a repetition applies to the last character. */
function parseQuoted(context: Context): PatternNode[] {
  const { reader, flags } = context;
  const nodes: PatternNode[] = [];
  while (!reader.isAtEnd && !reader.take('\\E')) {
    nodes.push(literal(reader.next().codePointAt(0) as number, flags));
  }
  const last = nodes.pop();
  return last === undefined ? nodes : [...nodes, parseRepeat(context, last)];
}

function parseRepeat({ reader }: Context, node: PatternNode): PatternNode {
  const quantifier = parseQuantifier(reader);
  if (quantifier === null) return node;
  reader.take('?');
  if (parseQuantifier(reader) !== null) throw refuse('repeats a repetition');
  return { kind: 'repeat', node, ...quantifier };
}

/** A brace that starts no valid count is a literal brace, as in RE2. */
function parseQuantifier(reader: PatternReader): { min: number; max: number } | null {
  if (reader.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
  if (reader.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
  if (reader.take('?')) return { min: 0, max: 1 };
  const count = readCount(reader);
  if (count === null) return null;
  const [, minText, comma, maxText] = count;
  reader.takeUntil('}');
  const min = Number(minText);
  const max = comma === undefined ? min : maxText === '' ? Number.POSITIVE_INFINITY : Number(maxText);
  const largest = max === Number.POSITIVE_INFINITY ? min : max;
  if (min > max || largest > MAX_REPEAT) throw refuse('has a repetition count that RE2 refuses');
  return { min, max };
}

/** Looks ahead for {n}, {n,} or {n,m} without leading zeros. */
function readCount(reader: PatternReader): RegExpExecArray | null {
  if (reader.peek() !== '{') return null;
  let text = '';
  for (let i = 0; i < 12 && !text.endsWith('}'); i += 1) text += reader.peek(i);
  return /^\{(0|[1-9][0-9]{0,3})(?:(,)(|0|[1-9][0-9]{0,3}))?\}$/.exec(text);
}

/** Reads one element, or returns null where a repetition stands or only flags were set. */
function parseAtom(context: Context, depth: number): PatternNode | null {
  const { reader, flags } = context;
  const character = reader.peek();
  switch (character) {
    case '*':
    case '+':
    case '?':
      return null;
    case '(':
      reader.next();
      return parseGroup(context, depth);
    case '[':
      reader.next();
      return { kind: 'set', set: parseBracketClass(reader, flags.foldsCase) };
    case '\\':
      reader.next();
      return parseEscape(context);
    case '.':
      reader.next();
      return { kind: 'set', set: characterSet(flags.dotMatchesNewline ? [] : [[0x0a, 0x0a]], true) };
    case '^':
      reader.next();
      return { kind: 'assertion', assertion: flags.isMultiLine ? 'lineStart' : 'textStart' };
    case '$':
      reader.next();
      return { kind: 'assertion', assertion: flags.isMultiLine ? 'lineEnd' : 'textEnd' };
    default:
      if (readCount(reader) !== null) return null;
      return literal(reader.next().codePointAt(0) as number, flags);
  }
}

function literal(point: number, { foldsCase }: Flags): PatternNode {
  return { kind: 'set', set: characterSet(foldsCase ? foldCase([[point, point]]) : [[point, point]]) };
}

const ASSERTION_ESCAPES: ReadonlyMap<string, Assertion> = new Map([
  ['A', 'textStart'],
  ['z', 'textEnd'],
  ['b', 'wordBoundary'],
  ['B', 'notWordBoundary'],
]);

function parseEscape({ reader, flags }: Context): PatternNode {
  const assertion = ASSERTION_ESCAPES.get(reader.peek());
  if (assertion !== undefined) {
    reader.next();
    return { kind: 'assertion', assertion };
  }
  const set = parseEscapedClass(reader, flags.foldsCase);
  return set === null ? literal(parseEscapedCharacter(reader), flags) : { kind: 'set', set };
}

function parseGroup(context: Context, depth: number): PatternNode | null {
  const { reader } = context;
  const outerFlags = context.flags;
  if (reader.take('?P<') || reader.take('?<')) {
    const name = reader.takeUntil('>');
    if (name === null || !/^[A-Za-z0-9_]+$/.test(name) || context.groupNames.has(name)) {
      throw refuse('has a malformed or repeated group name');
    }
    context.groupNames.add(name);
  } else if (reader.take('?')) {
    const endsInColon = parseFlags(context);
    // "(?i)" lasts to the end of the enclosing group and is no element; a repetition after it repeats nothing.
    if (!endsInColon) return null;
  }
  const node = parseChoice(context, depth + 1);
  if (!reader.take(')')) throw refuse('has an unclosed group');
  context.flags = outerFlags;
  return node;
}

/** Reads "i", "im-s" and the like up to ":" or ")"; returns whether it was ":". */
function parseFlags(context: Context): boolean {
  const flags = { ...context.flags };
  let isSet = true;
  let hasFlag = false;
  for (;;) {
    const character = context.reader.next();
    if (character === '-' && isSet) {
      isSet = false;
      hasFlag = false;
    } else if ((character === ':' || character === ')') && (hasFlag || (isSet && character === ':'))) {
      context.flags = flags;
      return character === ':';
    } else {
      hasFlag = true;
      if (character === 'i') flags.foldsCase = isSet;
      else if (character === 'm') flags.isMultiLine = isSet;
      else if (character === 's') flags.dotMatchesNewline = isSet;
      else if (character !== 'U') throw refuse('has a group of an unknown kind');
    }
  }
}
