import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { type Apt, candidateVersion, unpackPackages, unpackSource } from './debian.ts';
import { run } from './run.ts';

// No Debian suite ships QEMU's nitro-enclave machine (it needs libcbor at build time), so it is built from Debian's source.
// With it they bring the libraries that it runs on.
export const QEMU_PACKAGES = [
  'gcc',
  'libc6-dev',
  'make',
  'dpkg-dev',
  'pkg-config',
  'ninja-build',
  'libglib2.0-dev',
  'libgnutls28-dev',
  'libcbor-dev',
  'libfdt-dev',
  'zlib1g-dev',
  'libpixman-1-dev',
  'python3-venv',
  'python3-distlib',
  'flex',
  'bison',
];

// microvm carries levels A and B, nitro-enclave level C; both boot from virtio-mmio and need nothing else.
const DEVICES = 'CONFIG_NITRO_ENCLAVE=y\nCONFIG_MICROVM=y\nCONFIG_VHOST_USER_VSOCK=y\nCONFIG_VIRTIO_RNG=y\n';

// A guest's TSC counts the host's, at a rate that its kernel must find by counting a timer that the host's load disturbs: on a busy machine
// a quarter of the boots found none and stood still. Counting nanoseconds, the rate is known, and the kernel is told.
const TSC = {
  file: 'hw/i386/x86-cpu.c',
  host: 'return cpus_get_elapsed_ticks();',
  nanoseconds: 'return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);',
} as const;

/** Words of every guest's kernel command line: the rate of the TSC above. */
export const GUEST_CLOCK = 'tsc_early_khz=1000000 tsc=reliable';

// -O1 without debug information: half the build time of -O2, the guests' speed is that of the code QEMU generates anyway.
const CONFIGURE = [
  '--python=/usr/bin/python3',
  '--target-list=x86_64-softmmu',
  '--with-devices-x86_64=nitro',
  '--without-default-features',
  '--without-default-devices',
  '--enable-system',
  '--enable-tcg',
  '--enable-kvm',
  '--enable-fdt=system',
  '--enable-gnutls',
  '--enable-libcbor',
  '--enable-vhost-user',
  '--disable-docs',
  '--disable-werror',
  '--disable-download',
  '--disable-install-blobs',
  '--disable-debug-info',
  '-Doptimization=1',
];

/**
 * Path of a qemu-system-x86_64 that has the machines `microvm` and `nitro-enclave` (TCG).
 * Built once, in about two minutes on two cores, then taken from the cache.
 */
export async function qemuBinary(apt: Apt): Promise<string> {
  const version = await candidateVersion(apt, 'qemu-system-x86', 'trixie');
  const recipe = [version, DEVICES, TSC.nanoseconds, ...CONFIGURE].join('\n');
  const dir = await cached('qemu', recipe, async (target) => build(apt, version, target));
  return join(dir, 'qemu-system-x86_64');
}

async function build(apt: Apt, version: string, target: string): Promise<void> {
  const work = join(target, 'work');
  mkdirSync(work);
  // The release's own meson may be too old for this QEMU; the package is plain Python and needs no installation.
  await unpackPackages(apt, join(work, 'meson'), ['meson/trixie']);
  const tree = await unpackSource(apt, work, 'qemu', version.replace(/\+b\d+$/, ''));
  writeFileSync(join(tree, 'configs/devices/x86_64-softmmu/nitro.mak'), DEVICES);
  countNanoseconds(join(tree, TSC.file));
  const buildDir = join(tree, 'build');
  mkdirSync(buildDir, { recursive: true });
  const env = { ...process.env, PYTHONPATH: join(work, 'meson/usr/lib/python3/dist-packages') };
  const logFile = join(target, 'build.log');
  await run('../configure', CONFIGURE, { cwd: buildDir, env, logFile });
  await run('ninja', [`-j${cpus().length}`, 'qemu-system-x86_64'], {
    cwd: buildDir,
    env,
    logFile,
    timeoutMs: 1_200_000,
  });
  copyFileSync(join(buildDir, 'qemu-system-x86_64'), join(target, 'qemu-system-x86_64'));
  await run('rm', ['-rf', work]);
}

function countNanoseconds(file: string): void {
  const source = readFileSync(file, 'utf8');
  if (!source.includes(TSC.host)) throw new Error(`QEMU's ${TSC.file} is not the one that was read`);
  writeFileSync(
    file,
    `#include "qemu/osdep.h"\n#include "qemu/timer.h"\n${source.replace(TSC.host, TSC.nanoseconds)}`,
  );
}
