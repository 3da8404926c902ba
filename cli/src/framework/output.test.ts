import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { writeResult } from './output.ts';

const failing = (code: string) =>
  new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('no'), { code })) });

it.each(['EPIPE', 'ENOSPC'])('tells that nobody got the result: %s', async (code) => {
  await expect(writeResult(failing(code), 'text')).rejects.toMatchObject({ name: 'OutputError', code });
});

it('waits until all of it is taken', async () => {
  const taken: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      setImmediate(() => {
        taken.push(`${chunk}`);
        done();
      });
    },
  });
  await writeResult(stream, 'text');
  expect(taken).toEqual(['text']);
});
