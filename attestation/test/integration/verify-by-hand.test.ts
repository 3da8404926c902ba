import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const repository = new URL('../../../', import.meta.url).pathname;
const page = readFileSync(`${repository}docs/verify-by-hand.md`, 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'by-hand-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Commands of the page, each with what the page says that they print. */
const steps = [...page.matchAll(/```sh\n(.*?)```\n\n```text\n(.*?)```/gs)].map(
  ([, commands = '', printed = '']) => ({ commands, printed }),
);

describe('docs/verify-by-hand.md', () => {
  it('prints what it says, from top to bottom', async () => {
    expect(steps).toHaveLength([...page.matchAll(/^```sh$/gm)].length);
    expect(steps.length).toBeGreaterThan(10);
    const script = [
      'set -eu',
      ...steps.flatMap(({ commands }, index) => [`echo '=== ${index}'`, commands]),
    ].join('\n');
    const env = {
      ...process.env,
      REPO: repository.replace(/\/$/, ''),
      WORK: join(directory, 'work'),
      LC_ALL: 'C',
    };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
    const printed = stdout.split(/^=== \d+\n/m).slice(1);
    for (const [index, step] of steps.entries())
      expect(`${step.commands}${printed[index]}`).toBe(`${step.commands}${step.printed}`);
  });
});
