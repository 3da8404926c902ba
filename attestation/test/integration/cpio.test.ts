import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Content, cpioOfTree, fileContent } from '../../eif/cpio.ts';
import { EifError } from '../../eif/eif-error.ts';

const directory = mkdtempSync(join(tmpdir(), 'cpio-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function bytesOf(content: Content): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.chunks()) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function codeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof EifError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** A tree whose files are created in this order, with these times. */
function tree(name: string, files: readonly string[], atSeconds: number): string {
  const root = join(directory, name);
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'empty'), { recursive: true });
  for (const file of files) writeFileSync(join(root, file), `content of ${file}`);
  chmodSync(join(root, 'init'), 0o755);
  symlinkSync('../init', join(root, 'etc', 'link'));
  for (const file of files) utimesSync(join(root, file), atSeconds, atSeconds);
  return root;
}

interface Member {
  readonly path: string;
  readonly mode: string;
  readonly content: string;
}

/** Reads an archive again, by the field widths of the format and not by the writer's code. */
function membersOf(archive: Buffer): readonly Member[] {
  const members: Member[] = [];
  const align = (offset: number): number => Math.ceil(offset / 4) * 4;
  for (let offset = 0; ; ) {
    const field = (index: number): number =>
      Number.parseInt(archive.toString('latin1', offset + 6 + 8 * index, offset + 14 + 8 * index), 16);
    if (archive.toString('latin1', offset, offset + 6) !== '070701')
      throw new Error(`no member at ${offset}`);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const path = archive.toString('utf8', offset + 110, offset + 110 + nameSize - 1);
    const start = align(offset + 110 + nameSize);
    if (path === 'TRAILER!!!') return members;
    members.push({ path, mode: mode.toString(8), content: archive.toString('utf8', start, start + size) });
    offset = align(start + size);
  }
}

describe('a directory tree as cpio', () => {
  it('holds everything in the order of the paths', async () => {
    const archive = await bytesOf(await cpioOfTree(tree('a', ['init', 'etc/b', 'etc/a', 'é'], 0)));
    expect(membersOf(archive)).toEqual([
      { path: 'empty', mode: '40755', content: '' },
      { path: 'etc', mode: '40755', content: '' },
      { path: 'etc/a', mode: '100644', content: 'content of etc/a' },
      { path: 'etc/b', mode: '100644', content: 'content of etc/b' },
      { path: 'etc/link', mode: '120777', content: '../init' },
      { path: 'init', mode: '100755', content: 'content of init' },
      { path: 'é', mode: '100644', content: 'content of é' },
    ]);
    expect(archive.length % 512).toBe(0);
  });

  it('does not depend on time, order of creation, owner or umask', async () => {
    const first = await bytesOf(await cpioOfTree(tree('b', ['init', 'etc/b', 'etc/a'], 1_000_000)));
    const other = tree('c', ['etc/a', 'etc/b', 'init'], 2_000_000);
    chmodSync(join(other, 'etc', 'a'), 0o600);
    chmodSync(join(other, 'etc'), 0o700);
    expect((await bytesOf(await cpioOfTree(other))).equals(first)).toBe(true);
  });

  it('says its length beforehand', async () => {
    const content = await cpioOfTree(tree('d', ['init'], 0));
    expect((await bytesOf(content)).length).toBe(content.sizeBytes);
  });

  it('is refused when it holds a pipe, or is none', async () => {
    const root = tree('e', ['init'], 0);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(await codeOf(() => cpioOfTree(root))).toBe('TREE_ENTRY');
    expect(await codeOf(() => cpioOfTree(join(root, 'init')))).toBe('EIF_INPUT');
    expect(await codeOf(() => cpioOfTree(join(root, 'nothing')))).toBe('EIF_INPUT');
  });

  it('notices a file that changes while it is read', async () => {
    const root = tree('f', ['init'], 0);
    const content = await fileContent(join(root, 'init'));
    writeFileSync(join(root, 'init'), 'longer than it was before');
    expect(await codeOf(() => bytesOf(content))).toBe('TREE_CHANGED');
    writeFileSync(join(root, 'init'), 'less');
    expect(await codeOf(() => bytesOf(content))).toBe('TREE_CHANGED');
  });
});
