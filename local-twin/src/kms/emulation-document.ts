// TRUST BOUNDARY: unsigned attestation documents, from whoever asks the simulator.
import { Buffer } from 'node:buffer';

/** What a document says of its recipient. */
export interface ClaimedRecipient {
  readonly publicKey: Uint8Array | null;
  /** By index, 48 bytes each. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
}

type Item = null | number | string | Uint8Array | readonly Item[] | ReadonlyMap<Item, Item>;

const MAX_DEPTH = 4;
const PCR_BYTES = 48;
/** Header {1: -1}, the algorithm that QEMU names because it does not sign; hw/virtio/virtio-nsm.c. */
const UNSIGNED_HEADER = Buffer.from('a10120', 'hex');
const NO_SIGNATURE = Buffer.alloc(64);

/**
 * Decodes a document of QEMU's nitro-enclave machine: COSE_Sign1 whose header says that it is not signed, 64 zero bytes for
 * the signature. Nothing is verified, because there is nothing to verify: anybody can write such a document.
 * @returns null for any other bytes
 */
export function decodeUnsignedEmulationDocument(untrustedDocument: Uint8Array): ClaimedRecipient | null {
  try {
    const [header, , payload, signature] = list(decodeItem(untrustedDocument));
    if (!UNSIGNED_HEADER.equals(bytes(header)) || !NO_SIGNATURE.equals(bytes(signature))) return null;
    const fields = map(decodeItem(bytes(payload)));
    const publicKey = fields.get('public_key') ?? null;
    const pcrs = [...map(fields.get('pcrs'))].map(
      ([index, value]) => [number(index), bytes(value, PCR_BYTES)] as const,
    );
    return { publicKey: publicKey === null ? null : bytes(publicKey), pcrs: new Map(pcrs) };
  } catch {
    return null;
  }
}

const list = (item: Item | undefined): readonly Item[] => (Array.isArray(item) ? item : refuse());
const map = (item: Item | undefined): ReadonlyMap<Item, Item> => (item instanceof Map ? item : refuse());
const number = (item: Item | undefined): number => (typeof item === 'number' ? item : refuse());
const bytes = (item: Item | undefined, length?: number): Uint8Array =>
  item instanceof Uint8Array && item.length === (length ?? item.length) ? item : refuse();

function refuse(): never {
  throw new RangeError('not a document of QEMU');
}

/** Decodes one CBOR item of definite length and nothing after it. */
function decodeItem(input: Uint8Array): Item {
  const view = Buffer.from(input);
  let offset = 0;

  function argument(additional: number): number {
    if (additional < 24) return additional;
    const size = [1, 2, 4, 8][additional - 24] ?? refuse();
    const value = size === 8 ? Number(view.readBigUInt64BE(offset)) : view.readUIntBE(offset, size);
    offset += size;
    return value;
  }

  function string(length: number): Buffer {
    if (length > view.length - offset) refuse();
    offset += length;
    return view.subarray(offset - length, offset);
  }

  function item(depth: number): Item {
    if (depth > MAX_DEPTH) refuse();
    const initial = view.readUInt8(offset++);
    if (initial === 0xf6) return null;
    const count = argument(initial & 0x1f);
    switch (initial >> 5) {
      case 0:
        return count;
      case 2:
        return Uint8Array.from(string(count));
      case 3:
        return string(count).toString('utf8');
      case 4:
        return repeat(count, () => item(depth + 1));
      case 5:
        return new Map(repeat(count, () => [item(depth + 1), item(depth + 1)] as const));
      default:
        return refuse();
    }
  }

  const decoded = item(0);
  return offset === view.length ? decoded : refuse();
}

/** Stops at the first failure, so a count beyond the input costs nothing. */
function repeat<T>(count: number, next: () => T): T[] {
  const items: T[] = [];
  while (items.length < count) items.push(next());
  return items;
}
