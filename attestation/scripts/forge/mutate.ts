// Mutations of attestation documents: of bytes anywhere, and of the bytes that give CBOR and DER their structure.

/** A whole number from 0 to below the limit. */
export type Random = (limit: number) => number;
type Mutation = (input: Uint8Array, corpus: readonly Uint8Array[], random: Random) => Uint8Array;

/** Bytes that begin items: CBOR heads of every kind, DER tags and lengths. */
const STRUCTURAL = Uint8Array.of(
  0x00,
  0x01,
  0x02,
  0x03,
  0x04,
  0x06,
  0x17,
  0x18,
  0x1b,
  0x1c,
  0x1f,
  0x20,
  0x30,
  0x31,
  0x38,
  0x3b,
  0x40,
  0x58,
  0x59,
  0x5a,
  0x5b,
  0x5f,
  0x60,
  0x78,
  0x7f,
  0x80,
  0x81,
  0x82,
  0x83,
  0x84,
  0x9b,
  0x9f,
  0xa0,
  0xa1,
  0xa3,
  0xb8,
  0xbb,
  0xbf,
  0xc0,
  0xc2,
  0xd2,
  0xd8,
  0xf4,
  0xf5,
  0xf6,
  0xf7,
  0xf8,
  0xf9,
  0xfb,
  0xfc,
  0xff,
);

const pick = (values: Uint8Array, random: Random): number => values[random(values.length)] ?? 0;

/** Offsets within the first bytes of each field, where heads and names are, are tried more often than others. */
function offset(input: Uint8Array, random: Random): number {
  return random(3) === 0 ? random(Math.min(32, input.length)) : random(input.length);
}

const flipBit: Mutation = (input, _, random) => {
  const copy = Uint8Array.from(input);
  const at = offset(copy, random);
  copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
  return copy;
};

const structuralByte: Mutation = (input, _, random) => {
  const copy = Uint8Array.from(input);
  const heads = positionsOfHeads(copy);
  copy[heads[random(heads.length)] ?? 0] = pick(STRUCTURAL, random);
  return copy;
};

const several: Mutation = (input, corpus, random) => {
  let output = input;
  for (let count = 2 + random(6); count > 0; count -= 1) output = structuralByte(output, corpus, random);
  return output;
};

const truncate: Mutation = (input, _, random) => input.slice(0, random(input.length));

const insert: Mutation = (input, _, random) => {
  const at = offset(input, random);
  const inserted = Uint8Array.from({ length: 1 + random(8) }, () => pick(STRUCTURAL, random));
  return join(input.subarray(0, at), inserted, input.subarray(at));
};

const remove: Mutation = (input, _, random) => {
  const at = offset(input, random);
  return join(input.subarray(0, at), input.subarray(at + 1 + random(16)));
};

const duplicate: Mutation = (input, _, random) => {
  const [from, length, at] = [random(input.length), 1 + random(64), offset(input, random)];
  return join(input.subarray(0, at), input.subarray(from, from + length), input.subarray(at));
};

const splice: Mutation = (input, corpus, random) => {
  const other = corpus[random(corpus.length)] ?? input;
  const at = random(Math.min(input.length, other.length));
  return join(input.subarray(0, at), other.subarray(at));
};

const append: Mutation = (input, _, random) =>
  join(
    input,
    Uint8Array.from({ length: 1 + random(32) }, () => random(256)),
  );

const noise: Mutation = (_input, _corpus, random) =>
  Uint8Array.from({ length: random(200) }, () => (random(2) === 0 ? pick(STRUCTURAL, random) : random(256)));

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const output = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    output.set(part, at);
    at += part.length;
  }
  return output;
}

/** Where a byte looks like the head of a string, a collection or a DER element. */
function positionsOfHeads(input: Uint8Array): readonly number[] {
  const positions = [0];
  for (let at = 1; at < input.length; at += 1) {
    const byte = input[at] ?? 0;
    const isHead =
      byte === 0x30 ||
      byte === 0x31 ||
      byte === 0x58 ||
      byte === 0x59 ||
      byte === 0x06 ||
      byte === 0x02 ||
      byte === 0xf6;
    if (isHead || (byte >= 0x60 && byte < 0x78 && (input[at - 1] ?? 0) < 0x20)) positions.push(at);
  }
  return positions;
}

/** How often each mutation is chosen. A flip anywhere mostly costs a signature; the others are found out before. */
const WEIGHTED: readonly (readonly [number, Mutation])[] = [
  [2, flipBit],
  [14, structuralByte],
  [24, several],
  [10, truncate],
  [14, insert],
  [10, remove],
  [10, duplicate],
  [4, splice],
  [4, append],
  [8, noise],
];
const TOTAL = WEIGHTED.reduce((sum, [weight]) => sum + weight, 0);

/** Changes a document somehow; now and then it comes out unchanged. */
export function mutate(input: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let ticket = random(TOTAL);
  for (const [weight, mutation] of WEIGHTED) {
    if (ticket < weight) return mutation(input, corpus, random);
    ticket -= weight;
  }
  return noise(input, corpus, random);
}
