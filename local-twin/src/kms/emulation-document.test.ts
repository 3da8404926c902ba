import { Buffer } from 'node:buffer';
import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUnsignedEmulationDocument } from './emulation-document.ts';

const PUBLIC_KEY = new Uint8Array(294).fill(0x30);
const pcrs = Array.from({ length: 16 }, (_, index) => [index, new Uint8Array(48).fill(index)] as const);

/** As hw/virtio/virtio-nsm.c of QEMU writes it: fields in this order, all lengths definite. */
function qemuDocument(
  change: { publicKey?: Uint8Array | null; pcrs?: unknown; header?: string; signature?: Uint8Array } = {},
): Uint8Array {
  const payload = new Map<string, unknown>([
    ['module_id', 'i-234-enc5678'],
    ['digest', 'SHA384'],
    ['timestamp', 1_795_176_000_000],
    ['pcrs', change.pcrs ?? new Map(pcrs)],
    ['certificate', new Uint8Array(64)],
    ['cabundle', [new Uint8Array(64)]],
    ['public_key', change.publicKey === undefined ? PUBLIC_KEY : change.publicKey],
    ['user_data', null],
    ['nonce', null],
  ]);
  const header = Uint8Array.from(Buffer.from(change.header ?? 'a10120', 'hex'));
  const inOrder = { mapSorter: () => 0 };
  return encode([header, {}, encode(payload, inOrder), change.signature ?? new Uint8Array(64)], inOrder);
}

it("reads key and PCRs of QEMU's document", () => {
  expect(decodeUnsignedEmulationDocument(qemuDocument())).toEqual({
    publicKey: PUBLIC_KEY,
    pcrs: new Map(pcrs),
  });
  expect(decodeUnsignedEmulationDocument(qemuDocument({ publicKey: null }))?.publicKey).toBeNull();
});

describe('refuses', () => {
  const cases: Record<string, Uint8Array> = {
    nothing: new Uint8Array(0),
    'a header that claims a signature': qemuDocument({ header: 'a1013822' }),
    'a signature': qemuDocument({ signature: new Uint8Array(64).fill(1) }),
    'a signature of 96 zeros': qemuDocument({ signature: new Uint8Array(96) }),
    'a PCR of 32 bytes': qemuDocument({ pcrs: new Map([[0, new Uint8Array(32)]]) }),
    'PCRs by text': qemuDocument({ pcrs: { '0': new Uint8Array(48) } }),
    'a list of PCRs': qemuDocument({ pcrs: [new Uint8Array(48)] }),
    'a byte after the end': Buffer.concat([qemuDocument(), Uint8Array.of(0)]),
    'a byte missing': qemuDocument().subarray(0, -1),
    'deep nesting': new Uint8Array(100_000).fill(0x81),
    'a count of 2^32': Buffer.from('9affffffff', 'hex'),
    'an indefinite array': Buffer.from('9f40ff', 'hex'),
  };
  it.each(Object.entries(cases))('%s', (_, document) => {
    expect(decodeUnsignedEmulationDocument(document)).toBeNull();
  });

  it('any bytes, without throwing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        (document) => decodeUnsignedEmulationDocument(document) === null,
      ),
    );
  });
});
