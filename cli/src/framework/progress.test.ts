import { expect, it } from 'vitest';
import { progressWriter, renderProgress } from './progress.ts';

const at = (step: string, done: number) => ({ step, done, total: 200, elapsedMs: 10_000 });

function record(isTTY: boolean, asJson = false) {
  const written: string[] = [];
  let now = 0;
  const stream = { isTTY, write: (text: string) => written.push(text) };
  const writer = progressWriter(stream, asJson, () => now);
  return { written, writer, wait: (ms: number) => (now += ms) };
}

it('shows bar, rate and time to go', () => {
  expect(renderProgress(at('reseal', 100))).toBe(
    `reseal   [${'#'.repeat(15)}${'.'.repeat(15)}] 100/200  10/s  0:10 left`,
  );
  expect(renderProgress({ step: 'wait', done: 0, total: 0, elapsedMs: 0 })).toBe('wait');
  expect(renderProgress({ ...at('reseal', 0), elapsedMs: 0 })).toContain('0/s  - left');
});

it('rewrites one line of a terminal', () => {
  const { written, writer, wait } = record(true);
  writer.show(at('reseal', 1));
  writer.show(at('reseal', 2));
  wait(200);
  writer.show(at('reseal', 3));
  writer.end();
  expect(written).toHaveLength(3);
  expect(written[1]).toMatch(/^\r/);
  expect(written[2]).toBe('\n');
});

it('writes a line for each step and every five seconds elsewhere', () => {
  const { written, writer, wait } = record(false);
  for (const done of [1, 2, 3]) {
    writer.show(at('reseal', done));
    wait(2500);
  }
  writer.show(at('review', 1));
  expect(written.map((line) => line.split(' ')[0])).toEqual(['reseal', 'reseal', 'review']);
  expect(written.join('')).not.toContain('\r');
  writer.show(at('review', 150));
  writer.show(at('review', 200));
  writer.end();
  expect(written).toHaveLength(4);
  expect(written[3]).toContain('200/200');
});

it('writes JSON when asked', () => {
  const { written, writer } = record(true, true);
  writer.show(at('reseal', 1));
  expect(JSON.parse(written[0]!)).toEqual({ progress: at('reseal', 1) });
});
