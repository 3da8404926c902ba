import { Buffer } from 'node:buffer';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { assertEif, EifError } from './eif-error.ts';

/** Bytes of a known length that can be read more than once. */
export interface Content {
  readonly sizeBytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}

interface Member {
  /** Relative to the tree, without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly content: Content;
}

const HEADER_BYTES = 110;
const BLOCK_BYTES = 512;
const CHUNK_BYTES = 1 << 20;
const MAX_FILE_BYTES = 0xffffffff;
const MODE = { directory: 0o040755, file: 0o100644, executable: 0o100755, link: 0o120777 } as const;
const TRAILER: Member = { path: 'TRAILER!!!', mode: 0, content: bytesContent(new Uint8Array(0)) };

export function bytesContent(bytes: Uint8Array): Content {
  return {
    sizeBytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

/** A file's content, one MiB at a time. @throws EIF_INPUT when there is no such file; TREE_CHANGED when its length changes */
export async function fileContent(path: string): Promise<Content> {
  const status = await lstat(path).catch(() => null);
  assertEif(status?.isFile() === true, 'EIF_INPUT', path);
  const sizeBytes = status.size;
  return {
    sizeBytes,
    async *chunks() {
      await using file = await open(path, 'r');
      let done = 0;
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, done);
        if (bytesRead === 0) break;
        done += bytesRead;
        assertEif(done <= sizeBytes, 'TREE_CHANGED', path);
        yield buffer.subarray(0, bytesRead);
      }
      assertEif(done === sizeBytes, 'TREE_CHANGED', path);
    },
  };
}

/**
 * A directory tree as a cpio archive in the "newc" format that Linux unpacks as initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst). It depends on paths, contents, link targets and the owner's
 * execute bit alone: members in the order of their paths' bytes, inode numbers counted from 1, owner 0:0, time 0, modes
 * 755 or 644, zeros to a multiple of 512 bytes. Hard links become separate files.
 * @throws TREE_ENTRY for devices, sockets, pipes and names that are not UTF-8; EIF_INPUT when it is no directory
 */
export async function cpioOfTree(root: string): Promise<Content> {
  const status = await lstat(root).catch(() => null);
  assertEif(status?.isDirectory() === true, 'EIF_INPUT', root);
  const members: Member[] = [];
  const pending = [''];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    for (const name of await readdir(join(root, path), { encoding: 'buffer' })) {
      const member = await readMember(root, path === '' ? decodeName(name) : `${path}/${decodeName(name)}`);
      members.push(member);
      if (member.mode === MODE.directory) pending.push(member.path);
    }
  }
  members.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const archive = [...members, TRAILER];
  const length = archive.reduce((sum, member) => sum + memberBytes(member), 0);
  const padding = (BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES;
  return {
    sizeBytes: length + padding,
    async *chunks() {
      for (const [index, member] of members.entries()) yield* memberChunks(member, index + 1);
      yield* memberChunks(TRAILER, 0);
      yield Buffer.alloc(padding);
    },
  };
}

function decodeName(name: Buffer): string {
  const text = name.toString('utf8');
  assertEif(Buffer.from(text, 'utf8').equals(name), 'TREE_ENTRY');
  return text;
}

async function readMember(root: string, path: string): Promise<Member> {
  const source = join(root, path);
  const status = await lstat(source);
  if (status.isDirectory()) return { path, mode: MODE.directory, content: TRAILER.content };
  if (status.isSymbolicLink())
    return { path, mode: MODE.link, content: bytesContent(await readlink(source, { encoding: 'buffer' })) };
  if (!status.isFile()) throw new EifError('TREE_ENTRY', path);
  const content = await fileContent(source);
  assertEif(content.sizeBytes <= MAX_FILE_BYTES, 'TREE_ENTRY', path);
  return { path, mode: status.mode & 0o100 ? MODE.executable : MODE.file, content };
}

const toFour = (length: number): number => (4 - (length % 4)) % 4;
const nameOf = ({ path }: Member): Buffer => Buffer.from(`${path}\0`);

function memberBytes(member: Member): number {
  const named = HEADER_BYTES + nameOf(member).length;
  const { sizeBytes } = member.content;
  return named + toFour(named) + sizeBytes + toFour(sizeBytes);
}

/** Header in 13 fields of 8 hexadecimal digits, name, content; the last two padded with zeros to four bytes. */
async function* memberChunks(member: Member, inode: number): AsyncGenerator<Uint8Array> {
  const { mode, content } = member;
  const name = nameOf(member);
  const links = mode === MODE.directory ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, content.sizeBytes, 0, 0, 0, 0, name.length, 0];
  const digits = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  yield Buffer.concat([
    Buffer.from(`070701${digits}`),
    name,
    Buffer.alloc(toFour(HEADER_BYTES + name.length)),
  ]);
  yield* content.chunks();
  yield Buffer.alloc(toFour(content.sizeBytes));
}
