// Fills a folder with everything that the enclave's root holds: Node, its libraries, the compiled application, its packages and the
// measured configuration. Dockerfile.enclave runs it in its build stage, `make eif` without nitro-cli runs it directly.
// usage: node scripts/enclave-image/rootfs.ts --out DIR --configuration FILE [--main enclave-app/src/main.ts]
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../../enclave-app/src/config.ts';
import { buildVsockAddon } from '../../shared/native/build.ts';
import { compileApp } from './compile-app.ts';
import { copyProductionPackages } from './production-packages.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const CONFIGURATION_PATH = 'etc/strongroom/configuration.json';

export interface RootfsOptions {
  /** Empty folder. */
  readonly out: string;
  /** The deployment's measured configuration. */
  readonly configuration: string;
  /** Composition root, relative to the repository. */
  readonly main: string;
}

/**
 * Assembles the root folder; the same sources, lockfile, configuration and base image give the same bytes, modes and times.
 * @throws ConfigurationError when the enclave would refuse the configuration
 */
export function assembleRootfs({ out, configuration, main }: RootfsOptions): void {
  const app = join(out, 'app');
  const configurationBytes = readFileSync(configuration);
  parseConfiguration(configurationBytes);
  for (const dir of ['bin', 'etc/strongroom', 'app']) mkdirSync(join(out, dir), { recursive: true });
  writeFileSync(join(out, CONFIGURATION_PATH), configurationBytes);
  compileApp(REPOSITORY, [main], app);
  copyProductionPackages(REPOSITORY, ['enclave-app', 'shared'], app);
  buildVsockAddon({
    testAfUnix: false,
    out: join(app, 'node_modules/@strongroom/shared/native/build/vsock.node'),
  });
  execFileSync('strip', ['-o', join(out, 'bin/node'), process.execPath]);
  copyLibraries(out);
  normalise(out);
}

/** The shared libraries of Node and of every addon, at the paths where the loader looks for them. */
function copyLibraries(out: string): void {
  const binaries = [join(out, 'bin/node'), ...filesBelow(out).filter((file) => file.endsWith('.node'))];
  const libraries = new Set<string>();
  for (const binary of binaries) {
    const listing = execFileSync('ldd', [binary], { encoding: 'utf8' });
    if (listing.includes('not found'))
      throw new Error(`${binary} needs a library that this machine lacks:\n${listing}`);
    for (const [path] of listing.matchAll(/\/lib\S+/g)) libraries.add(path);
  }
  for (const library of libraries) {
    mkdirSync(join(out, dirname(library)), { recursive: true });
    copyFileSync(library, join(out, library));
  }
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Modes 755 and 644, times 0; the owner is root wherever an image is made of it. */
function normalise(path: string): void {
  const stat = lstatSync(path);
  if (stat.isDirectory()) {
    for (const name of readdirSync(path)) normalise(join(path, name));
  }
  if (!stat.isSymbolicLink())
    chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
  lutimesSync(path, 0, 0);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      configuration: { type: 'string' },
      main: { type: 'string', default: 'enclave-app/src/main.ts' },
    },
  });
  if (values.out === undefined || values.configuration === undefined)
    throw new Error('--out and --configuration are needed');
  assembleRootfs({ out: values.out, configuration: values.configuration, main: values.main });
}
