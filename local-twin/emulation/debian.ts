import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache.ts';
import { run } from './run.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const SUITES = ['trixie', 'sid'] as const;
export type Suite = (typeof SUITES)[number];

/** An apt of its own, with suites that the machine does not use; nothing of the machine's apt is changed. */
export interface Apt {
  readonly env: NodeJS.ProcessEnv;
}

/** The Debian mirror that the machine's own apt configuration names. */
export async function machineMirror(): Promise<string> {
  await run('apt-get', ['update', '-qq'], { timeoutMs: 180_000 });
  const lines = await run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(ORIGIN) $(CODENAME)',
    'Created-By: Packages',
  ]);
  for (const line of lines.split('\n')) {
    const [uri, origin, codename = ''] = line.split(' ');
    if (uri && origin === 'Debian' && !codename.includes('-')) return uri;
  }
  throw new Error('apt on this machine names no Debian mirror');
}

/** Opens the isolated apt and refreshes its lists. */
export async function openApt(): Promise<Apt> {
  const dir = join(cacheDir(), 'apt');
  for (const sub of ['lists/partial', 'archives/partial']) mkdirSync(join(dir, sub), { recursive: true });
  const mirror = await machineMirror();
  const entries = SUITES.flatMap((suite) =>
    ['deb', 'deb-src'].map((kind) => `${kind} [signed-by=${KEYRING}] ${mirror} ${suite} main`),
  );
  writeFileSync(join(dir, 'sources.list'), `${entries.join('\n')}\n`);
  const config = [
    `Dir::Etc::sourcelist "${dir}/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    `Dir::State::lists "${dir}/lists";`,
    `Dir::Cache "${dir}";`,
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
  ];
  writeFileSync(join(dir, 'apt.conf'), `${config.join('\n')}\n`);
  const env = { ...process.env, APT_CONFIG: join(dir, 'apt.conf') };
  await run('apt-get', ['update', '-qq'], { env, timeoutMs: 180_000 });
  return { env };
}

/** Version of a package in a suite, for example `10.0.13+ds-0+deb13u1`. */
export async function candidateVersion(apt: Apt, name: string, suite: Suite): Promise<string> {
  const text = await run('apt-cache', ['show', '--no-all-versions', `${name}/${suite}`], { env: apt.env });
  const version = /^Version: (\S+)$/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`${suite} has no package ${name}`);
  return version;
}

/** Name of the newest cloud kernel image of a suite, behind its meta package. */
export async function cloudKernelPackage(apt: Apt, suite: Suite): Promise<string> {
  const text = await run('apt-cache', ['show', '--no-all-versions', `linux-image-cloud-amd64/${suite}`], {
    env: apt.env,
  });
  const name = /^Depends: (linux-image-[0-9]\S*-cloud-amd64)/m.exec(text)?.[1];
  if (name === undefined) throw new Error(`${suite} has no cloud kernel`);
  return name;
}

/** Downloads packages and unpacks them into `dir` without installing them. */
export async function unpackPackages(apt: Apt, dir: string, packages: readonly string[]): Promise<void> {
  const debs = join(dir, 'debs');
  mkdirSync(debs, { recursive: true });
  await run('apt-get', ['download', '-qq', ...packages], { env: apt.env, cwd: debs });
  for (const deb of readdirSync(debs)) await run('dpkg', ['-x', join(debs, deb), dir]);
}

/** Downloads a source package and unpacks it, Debian's patches applied; returns the folder of the source tree. */
export async function unpackSource(apt: Apt, dir: string, name: string, version: string): Promise<string> {
  await run('apt-get', ['source', '-qq', '--only-source', `${name}=${version}`], {
    env: apt.env,
    cwd: dir,
    logFile: join(dir, 'source.log'),
  });
  const tree = readdirSync(dir, { withFileTypes: true }).find(
    (entry) => entry.isDirectory() && entry.name.startsWith(`${name}-`),
  );
  if (tree === undefined) throw new Error(`the source of ${name} unpacked to nothing`);
  return join(dir, tree.name);
}

/**
 * Installs packages of the machine's own release that are not there yet.
 * @throws Error naming the command to run when this process may not
 */
export async function installMissing(packages: readonly string[]): Promise<void> {
  const selections = await run('dpkg', ['--get-selections']);
  const installed = new Set(
    selections.split('\n').flatMap((line) => /^([^\s:]+)\S*\s+install$/.exec(line)?.[1] ?? []),
  );
  const missing = packages.filter((name) => !installed.has(name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error(
      `packages are missing; as root: apt-get install --no-install-recommends ${missing.join(' ')}`,
    );
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env, timeoutMs: 180_000 });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
}
