import { cpSync, existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';

/** Kept in the image; declarations, maps, sources of native code and documentation are not run. */
const KEPT_EXTENSIONS = new Set(['.js', '.cjs', '.mjs', '.json', '.node', '.wasm']);
const LEGAL = /^(licen[cs]e|notice|copying)/i;
/** Builds for bundlers and browsers (Node takes dist-cjs, by the `node` condition), other platforms and other C libraries. */
const NOT_RUN = /(^|\/)(dist-es|dist-types|prebuilds\/(?!linux-x64(\/|$)))|\.musl\.node$/;
/** At the top of a package: its own tests and its repository's settings. */
const NOT_SHIPPED = /^(tests?|examples?|benchmarks?|\.[^/]+)$/;

/** The one package whose optional parts, a binary per platform, are needed; elsewhere they are accelerators that we do without. */
const PLATFORM_PACKAGE = 'aws-nitro-enclaves-nsm-node';

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Copies the installed packages that a workspace needs at run time, and those that they need, to `to`/node_modules.
 * @returns their folders below node_modules, sorted
 * @throws Error when a package is not installed
 */
export function copyProductionPackages(
  repository: string,
  workspaces: readonly string[],
  to: string,
): string[] {
  const found = new Set<string>();
  for (const workspace of workspaces) collect(repository, join(repository, workspace), found);
  const folders = [...found].map((folder) => relative(join(repository, 'node_modules'), folder)).sort();
  for (const folder of folders)
    copyRunnable(join(repository, 'node_modules', folder), join(to, 'node_modules', folder));
  return folders;
}

function collect(repository: string, folder: string, found: Set<string>): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
  const optional = Object.keys(manifest.optionalDependencies ?? {});
  const required = Object.keys(manifest.dependencies ?? {}).filter((name) => !optional.includes(name));
  for (const name of required) visit(repository, folder, name, found);
  const wanted = folder.endsWith(PLATFORM_PACKAGE)
    ? optional
    : optional.filter((name) => name === PLATFORM_PACKAGE);
  for (const name of wanted) {
    if (findPackage(repository, folder, name) !== null) visit(repository, folder, name, found);
  }
}

function visit(repository: string, from: string, name: string, found: Set<string>): void {
  // Our own workspaces are compiled into the image, not copied.
  if (name.startsWith('@strongroom/')) return;
  const folder = findPackage(repository, from, name);
  if (folder === null) throw new Error(`${name} is not installed: run "npm ci"`);
  if (found.has(folder)) return;
  found.add(folder);
  collect(repository, folder, found);
}

/** Node's own look-up: node_modules of the folder and of its parents, up to the repository. */
function findPackage(repository: string, from: string, name: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === repository || folder === dirname(folder)) return null;
  }
}

function copyRunnable(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter(source) {
      const path = relative(from, source);
      if (path === 'node_modules' || NOT_RUN.test(path) || NOT_SHIPPED.test(path)) return false;
      if (lstatSync(source).isDirectory()) return true;
      return KEPT_EXTENSIONS.has(extname(source)) || LEGAL.test(path);
    },
  });
}
