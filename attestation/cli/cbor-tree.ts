// TRUST BOUNDARY: any bytes; shown, not believed.
import { AttestationError } from '../src/attestation-error.ts';
import { type Bytes, encodeHex } from '../src/bytes.ts';
import { type CborHead, CborReader, MAJOR } from '../src/cbor-reader.ts';

const MAX_LINES = 400;
const MAX_DEPTH = 16;
const SHOWN_BYTES = 24;
const SIMPLE_NAMES: Readonly<Record<number, string>> = { 20: 'false', 21: 'true', 22: 'null' };

interface Level {
  readonly head: CborHead;
  seen: number;
}

/** Writes CBOR as an indented list of its items, as far as it can be followed. */
export function cborTree(untrusted: Bytes): string {
  const reader = new CborReader(untrusted);
  const levels: Level[] = [];
  const lines: string[] = [];
  try {
    do {
      const level = levels.at(-1);
      if (level && reader.endsAfter(level.head, level.seen)) {
        levels.pop();
        continue;
      }
      // A key is half an entry of a map.
      if (level) level.seen += level.head.major === MAJOR.map ? 0.5 : 1;
      const head = reader.head();
      lines.push(`${'  '.repeat(levels.length)}${describe(reader, head)}`);
      if (head.major === MAJOR.array || head.major === MAJOR.map) levels.push({ head, seen: 0 });
    } while (levels.length > 0 && levels.length <= MAX_DEPTH && lines.length < MAX_LINES);
    if (levels.length > 0) lines.push('... and more');
    else if (!reader.atEnd) lines.push(`... and ${untrusted.length - reader.offset} bytes after the item`);
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    lines.push(`cannot be followed from byte ${reader.offset}: ${error.message} [${error.code}]`);
  }
  return lines.join('\n');
}

function describe(reader: CborReader, head: CborHead): string {
  switch (head.major) {
    case MAJOR.unsigned:
      return String(head.argument);
    case MAJOR.negative:
      return String(-1 - head.argument);
    case MAJOR.text:
      return JSON.stringify(reader.text(head));
    case MAJOR.bytes: {
      const content = reader.content(head);
      const shown = encodeHex(content.subarray(0, SHOWN_BYTES));
      return `${content.length} bytes ${shown}${content.length > SHOWN_BYTES ? '...' : ''}`;
    }
    case MAJOR.array:
      return head.indefinite ? 'array of indefinite length' : `array of ${head.argument}`;
    case MAJOR.map:
      return head.indefinite ? 'map of indefinite length' : `map of ${head.argument}`;
    default:
      return SIMPLE_NAMES[head.argument] ?? `simple value ${head.argument}`;
  }
}
