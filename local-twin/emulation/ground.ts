import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import {
  type Apt,
  candidateVersion,
  cloudKernelPackage,
  installMissing,
  openApt,
  unpackPackages,
} from './debian.ts';
import { QEMU_PACKAGES, qemuBinary } from './qemu.ts';
import { run } from './run.ts';

/** What the emulated grounds are made of: paths in the cache. */
export interface Ground {
  readonly qemu: string;
  /** Folders for QEMU's -L. */
  readonly firmwareDirs: readonly string[];
  /** Program and leading arguments of vhost-device-vsock. */
  readonly vhostDeviceVsock: readonly string[];
  readonly kernel: string;
  /** Version of the kernel, for example 6.12.48+deb13-cloud-amd64. */
  readonly kernelVersion: string;
  /** Folder with the modules and `order`, the names of those to load, one a line. */
  readonly modulesDir: string;
  /** PID 1 of the guests. */
  readonly init: string;
}

// Debian's cloud kernel has all of these as modules; the order is that of their dependencies.
const MODULES = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_mmio',
  'drivers/char/hw_random/rng-core',
  'drivers/misc/nsm',
  'net/vmw_vsock/vsock',
  'net/vmw_vsock/vmw_vsock_virtio_transport_common',
  'net/vmw_vsock/vmw_vsock_virtio_transport',
  'net/vmw_vsock/vsock_loopback',
];

/** Of this machine's release: what QEMU is built with and runs on, and what images are made with. */
const PACKAGES = [...QEMU_PACKAGES, 'binutils', 'git', 'systemd', 'util-linux', 'xz-utils'];

/** Takes everything from the cache; what is not there is downloaded from the machine's Debian mirror and built. */
export async function prepareGround(): Promise<Ground> {
  // A cache may be older than the machine that it is mounted in.
  await installMissing(PACKAGES);
  const sources = ['cache.ts', 'debian.ts', 'ground.ts', 'qemu.ts', 'guest-init/init.c'];
  const recipe = sources.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n');
  const dir = await cached('ground', recipe, async (target) => {
    writeFileSync(join(target, 'ground.json'), JSON.stringify(await makeGround(), null, 2));
  });
  return JSON.parse(readFileSync(join(dir, 'ground.json'), 'utf8')) as Ground;
}

async function makeGround(): Promise<Ground> {
  const apt = await openApt();
  const [qemu, tools, kernel, init] = [
    await qemuBinary(apt),
    await unpackTools(apt),
    await unpackKernel(apt),
    await buildInit(),
  ];
  const loader = join(tools, 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2');
  return {
    qemu,
    firmwareDirs: [join(tools, 'usr/share/qemu'), join(tools, 'usr/share/seabios')],
    vhostDeviceVsock: [
      loader,
      '--library-path',
      join(tools, 'usr/lib/x86_64-linux-gnu'),
      join(tools, 'usr/bin/vhost-device-vsock'),
    ],
    ...kernel,
    init,
  };
}

/** vhost-device-vsock is in sid only; it runs on sid's own C library, whatever this machine has. */
async function unpackTools(apt: Apt): Promise<string> {
  const packages = [
    'vhost-device-vsock/sid',
    'libc6/sid',
    'libgcc-s1/sid',
    'seabios/trixie',
    'qemu-system-data/trixie',
  ];
  const version = await candidateVersion(apt, 'vhost-device-vsock', 'sid');
  return await cached('tools', [version, ...packages].join('\n'), (dir) =>
    unpackPackages(apt, dir, packages),
  );
}

async function unpackKernel(apt: Apt): Promise<Pick<Ground, 'kernel' | 'kernelVersion' | 'modulesDir'>> {
  const name = await cloudKernelPackage(apt, 'trixie');
  const dir = await cached('kernel', [name, ...MODULES].join('\n'), async (target) => {
    const unpacked = join(target, 'unpacked');
    await unpackPackages(apt, unpacked, [`${name}/trixie`]);
    const version = name.replace('linux-image-', '');
    copyFileSync(join(unpacked, 'boot', `vmlinuz-${version}`), join(target, 'vmlinuz'));
    await copyModules(join(unpacked, 'usr/lib/modules', version, 'kernel'), join(target, 'modules'));
    writeFileSync(join(target, 'version'), version);
    await run('rm', ['-rf', unpacked]);
  });
  return {
    kernel: join(dir, 'vmlinuz'),
    kernelVersion: readFileSync(join(dir, 'version'), 'utf8'),
    modulesDir: join(dir, 'modules'),
  };
}

async function copyModules(from: string, to: string): Promise<void> {
  mkdirSync(to);
  const order: string[] = [];
  for (const module of MODULES) {
    const folder = join(from, module, '..');
    const base = module.slice(module.lastIndexOf('/') + 1);
    const file = readdirSync(folder).find((name) => name === `${base}.ko` || name === `${base}.ko.xz`);
    // What this kernel has built in needs no module.
    if (file === undefined) continue;
    const bytes = file.endsWith('.xz')
      ? execFileSync('xz', ['-dc', join(folder, file)], { maxBuffer: 64 << 20 })
      : readFileSync(join(folder, file));
    writeFileSync(join(to, `${base}.ko`), bytes);
    order.push(`${base}.ko`);
  }
  writeFileSync(join(to, 'order'), `${order.join('\n')}\n`);
}

async function buildInit(): Promise<string> {
  const source = join(import.meta.dirname, 'guest-init/init.c');
  const flags = ['-static', '-O2', '-Wall', '-Wextra', '-Werror', '-Wl,--build-id=none', '-s'];
  const dir = await cached('init', flags.join(' ') + readFileSync(source, 'utf8'), async (target) => {
    await run('cc', [...flags, '-o', join(target, 'init'), 'init.c'], { cwd: join(source, '..') });
  });
  return join(dir, 'init');
}
