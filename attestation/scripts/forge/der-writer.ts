// Writes DER, right or deliberately wrong, for test vectors.
import { Buffer } from 'node:buffer';

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents);
export const set = (...contents: readonly Uint8Array[]): Buffer => der(0x31, ...contents);
export const octets = (content: Uint8Array): Buffer => der(0x04, content);
export const bits = (content: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.of(unused), content);
export const boolean = (value: number): Buffer => der(0x01, Buffer.of(value));
export const rawInteger = (...content: readonly number[]): Buffer => der(0x02, Buffer.from(content));

/** INTEGER of an unsigned magnitude. */
export function integer(magnitude: Uint8Array): Buffer {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const bytes = first === -1 ? Buffer.of(0) : magnitude.subarray(first);
  return der(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0), bytes);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const base128 = (value: number): number[] => {
    const digits = [value & 0x7f];
    for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left & 0x7f) | 0x80);
    return digits;
  };
  return der(0x06, Buffer.from([40 * first + second, ...rest.flatMap(base128)]));
}

export const utcTime = (text: string): Buffer => der(0x17, Buffer.from(text, 'latin1'));
export const generalizedTime = (text: string): Buffer => der(0x18, Buffer.from(text, 'latin1'));

/** `YYMMDDHHMMSSZ` */
export const utcText = (ms: number): string =>
  `${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`;

/** A name of one CN. */
export const commonName = (value: string): Buffer =>
  sequence(set(sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(value, 'utf8')))));
