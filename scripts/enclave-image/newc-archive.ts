import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** One member of a ramdisk; `path` has no leading slash. */
export type ArchiveEntry =
  | { readonly path: string; readonly kind: 'directory' }
  | {
      readonly path: string;
      readonly kind: 'file';
      readonly content: Uint8Array;
      readonly executable: boolean;
    }
  | { readonly path: string; readonly kind: 'link'; readonly target: string };

const TRAILER = 'TRAILER!!!';

/** Everything below `dir` as entries below `prefix`, the folder itself included. Owners, times and other mode bits are dropped. */
export function readTree(dir: string, prefix: string): ArchiveEntry[] {
  const entries: ArchiveEntry[] = [{ path: prefix, kind: 'directory' }];
  for (const name of readdirSync(dir)) {
    const source = join(dir, name);
    const path = `${prefix}/${name}`;
    const stat = lstatSync(source);
    if (stat.isDirectory()) entries.push(...readTree(source, path));
    else if (stat.isSymbolicLink()) entries.push({ path, kind: 'link', target: readlinkSync(source) });
    else if (stat.isFile()) {
      entries.push({
        path,
        kind: 'file',
        content: readFileSync(source),
        executable: (stat.mode & 0o100) !== 0,
      });
    } else throw new Error(`${source} is neither file, folder nor link`);
  }
  return entries;
}

/**
 * A "newc" cpio archive (Linux, Documentation/driver-api/early-userspace/buffer-format.rst) that depends on the entries alone:
 * members sorted by the bytes of their path, time 0, owner 0:0, modes 755 or 644, inode numbers counted from 1.
 */
export function newcArchive(entries: readonly ArchiveEntry[]): Buffer {
  const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  for (const [n, entry] of sorted.entries()) {
    if (entry.path === sorted[n + 1]?.path) throw new Error(`${entry.path} is there twice`);
  }
  const parts = sorted.flatMap((entry, n) => member(entry.path, n + 1, modeOf(entry), contentOf(entry)));
  return Buffer.concat([...parts, ...member(TRAILER, 0, 0, new Uint8Array())]);
}

function modeOf(entry: ArchiveEntry): number {
  switch (entry.kind) {
    case 'directory':
      return 0o040755;
    case 'link':
      return 0o120777;
    case 'file':
      return entry.executable ? 0o100755 : 0o100644;
  }
}

function contentOf(entry: ArchiveEntry): Uint8Array {
  if (entry.kind === 'file') return entry.content;
  return entry.kind === 'link' ? Buffer.from(entry.target) : new Uint8Array();
}

/** Header, name and content, the last two padded with zeros to four bytes. */
function member(path: string, inode: number, mode: number, content: Uint8Array): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const links = (mode & 0o170000) === 0o040000 ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  const padding = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);
  return [header, name, padding(header.length + name.length), content, padding(content.length)];
}
