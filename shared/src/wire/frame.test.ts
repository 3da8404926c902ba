import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from './frame.ts';

const payloads = [Buffer.from('a'), Buffer.alloc(70_000, 7), Buffer.from('last')];
const stream = Buffer.concat(payloads.map(encodeFrame));

function readAll(chunks: readonly Uint8Array[]): string[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) =>
    [...reader.push(chunk)].map((payload) => Buffer.from(payload).toString('hex')),
  );
}

describe('frames', () => {
  const expected = payloads.map((payload) => payload.toString('hex'));

  it('come out whole however the stream was cut', () => {
    expect(readAll([stream])).toEqual(expected);
    expect(readAll([...stream].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
    for (const size of [3, 5, 1000, 65_536]) {
      const chunks = [];
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
      expect(readAll(chunks)).toEqual(expected);
    }
  });

  it('of no bytes or too many are refused, at both ends', () => {
    const code = (expectedCode: string) => expect.objectContaining({ code: expectedCode });
    expect(() => encodeFrame(new Uint8Array(0))).toThrow(code('FRAME_EMPTY'));
    expect(() => encodeFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(code('FRAME_TOO_LARGE'));
    expect(() => readAll([Buffer.from('00000000', 'hex')])).toThrow(code('FRAME_EMPTY'));
    expect(() => readAll([Buffer.from('00100001', 'hex')])).toThrow(code('FRAME_TOO_LARGE'));
    expect(() => readAll([Buffer.from('ffffffff', 'hex')])).toThrow(code('FRAME_TOO_LARGE'));
    expect(readAll([encodeFrame(new Uint8Array(MAX_FRAME_BYTES))])).toHaveLength(1);
  });

  it('that only claim a length reserve little memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 200 }, () => {
      const reader = new FrameReader();
      expect([...reader.push(Buffer.from('0010000061', 'hex'))]).toEqual([]);
      return reader;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 64 * 1024);
    expect(readers).toHaveLength(200);
  });
});
