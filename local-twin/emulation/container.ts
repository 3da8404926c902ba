// Dockerfile.enclave without Docker's daemon and without a registry: buildah in a chroot, on a base of Debian's packages.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cached } from './cache.ts';
import { installMissing, machineMirror } from './debian.ts';
import { scratchDir } from './machine.ts';
import { run } from './run.ts';

const PACKAGES = ['buildah', 'mmdebstrap'];
/** The release of the Dockerfile's own base. */
const BASE_SUITE = 'bookworm';
/** The compiler of the addon, `strip`, and what Node is linked with. */
const BASE_PACKAGES = ['binutils', 'ca-certificates', 'gcc', 'libc6-dev', 'libstdc++6'];
/** Of the user in the container, whatever this machine's is. */
const CONTAINER_HOME = '/root';
/** An OCI layout and its tag. */
const BASE_NAME = 'oci:image:base';
/** Where npm finds its packages, which is a matter of the machine; null stands for "not set". */
const NPM_SETTINGS = ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy'];

/**
 * Runs the Dockerfile on a context as `make eif` gives it to Docker: the tracked sources with configuration.json beside them. Needs root.
 * @param out receives the root folder of the image
 */
export async function buildContainerRootfs(context: string, out: string): Promise<void> {
  await installMissing(PACKAGES);
  using work = scratchDir();
  const npmrc = join(work.path, 'npmrc');
  const settings = await npmSettings();
  const lines = [['prefer-offline', 'true'], ...settings].map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(npmrc, lines.join(''));
  const mounts = [
    `${npmrc}:${CONTAINER_HOME}/.npmrc:ro`,
    `${await npmSetting('cache')}:${CONTAINER_HOME}/.npm`,
    ...settings.filter(([name]) => name === 'cafile').map(([, file]) => `${file}:${file}:ro`),
  ];
  const command = [
    ...storageIn(work.path),
    'bud',
    '--isolation=chroot',
    '--pull-never',
    '--timestamp=0',
    `--build-arg=BASE=${BASE_NAME}`,
    ...mounts.map((mount) => `--volume=${mount}`),
    `--file=${join(context, 'Dockerfile.enclave')}`,
    `--output=type=local,dest=${out}`,
    context,
  ];
  // Its name is relative, because buildah takes no path with a dot or an upper-case letter for a name.
  await run('buildah', command, { cwd: await baseFolder() });
  // The folder itself is not of the image.
  chmodSync(out, 0o755);
}

/** Folder with an image that stands in for the Dockerfile's base, with this machine's npm. */
async function baseFolder(): Promise<string> {
  const npm = join(dirname(realpathSync((await run('which', ['npm'])).trim())), '..');
  const recipe = [BASE_SUITE, ...BASE_PACKAGES, process.version, await run('npm', ['--version'])].join('\n');
  return await cached('container-base', recipe, async (target) => {
    using work = scratchDir();
    const root = join(work.path, 'root');
    const packages = `--include=${BASE_PACKAGES.join(',')}`;
    const options = ['--quiet', '--mode=root', '--variant=essential', packages];
    await run('mmdebstrap', [...options, BASE_SUITE, root, await machineMirror()]);
    installNodeAndNpm(join(root, 'usr/local'), npm);
    await commit(root, target, storageIn(work.path));
  });
}

function installNodeAndNpm(prefix: string, npm: string): void {
  mkdirSync(join(prefix, 'lib/node_modules'), { recursive: true });
  copyFileSync(process.execPath, join(prefix, 'bin/node'));
  cpSync(npm, join(prefix, 'lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(prefix, 'bin/npm'));
}

async function commit(root: string, folder: string, storage: readonly string[]): Promise<void> {
  const buildah = (...args: string[]) => run('buildah', [...storage, ...args], { cwd: folder });
  const container = (await buildah('from', 'scratch')).trim();
  await buildah('add', '--quiet', container, root, '/');
  await buildah('config', '--env=PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin', container);
  await buildah('commit', '--quiet', '--disable-compression', container, BASE_NAME);
}

function storageIn(dir: string): string[] {
  return [`--root=${join(dir, 'storage')}`, `--runroot=${join(dir, 'run')}`, '--storage-driver=vfs'];
}

async function npmSettings(): Promise<(readonly [name: string, value: string])[]> {
  const values = await Promise.all(NPM_SETTINGS.map(async (name) => [name, await npmSetting(name)] as const));
  return values.filter(([, value]) => value !== '' && value !== 'null' && value !== 'undefined');
}

async function npmSetting(name: string): Promise<string> {
  return (await run('npm', ['config', 'get', name])).trim();
}
