import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { BerCursor, BerError } from './ber-cursor.ts';

const cursorOver = (hex: string) => new BerCursor(Buffer.from(hex, 'hex'));

describe('BER cursor', () => {
  it('reads definite and indefinite elements to their ends', () => {
    const cursor = cursorOver('3080' + '3003' + '040155' + '0000' + '0500');
    cursor.open(0x30);
    expect(cursor.atEnd()).toBe(false);
    cursor.openDefinite(0x30);
    expect(cursor.primitive(0x04)).toEqual(Buffer.of(0x55));
    expect(cursor.atEnd()).toBe(true);
    cursor.close();
    expect(cursor.atEnd()).toBe(true);
    cursor.close();
    expect(cursor.peek()).toBe(0x05);
    expect(cursor.primitive(0x05)).toHaveLength(0);
    expect(cursor.atEnd()).toBe(true);
  });

  const refused: readonly [string, string, (cursor: BerCursor) => unknown][] = [
    ['another tag', '0500', (cursor) => cursor.primitive(0x04)],
    ['no bytes', '', (cursor) => cursor.primitive(0x04)],
    ['no length', '04', (cursor) => cursor.primitive(0x04)],
    ['a primitive of indefinite length', '04800000', (cursor) => cursor.primitive(0x04)],
    ['a content longer than the input', '040501', (cursor) => cursor.primitive(0x04)],
    ['a length that is not minimal in 0x81', '04810155', (cursor) => cursor.primitive(0x04)],
    ['a length that is not minimal in 0x82', '0482000155', (cursor) => cursor.primitive(0x04)],
    ['a length of 2^32 - 1', '0484ffffffff', (cursor) => cursor.primitive(0x04)],
    ['an element of indefinite length where DER is due', '30800000', (cursor) => cursor.openDefinite(0x30)],
  ];
  it.each(refused)('refuses %s', (_, hex, read) => {
    expect(() => read(cursorOver(hex))).toThrow(BerError);
  });

  it('refuses a content longer than the element around it, though the input is long enough', () => {
    const cursor = cursorOver('3003' + '040201' + '02');
    cursor.open(0x30);
    expect(() => cursor.primitive(0x04)).toThrow(BerError);
  });

  it('refuses to leave an element before its end', () => {
    const definite = cursorOver('3003040155');
    definite.open(0x30);
    expect(() => definite.close()).toThrow(BerError);
    const indefinite = cursorOver('30800401550000');
    indefinite.open(0x30);
    expect(() => indefinite.close()).toThrow(BerError);
  });
});
