// Rewrites enclave-app/TCB.txt: everything that the enclave's main.ts can reach. `--check` only compares; `--entry FILE` tries another entry.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const REPORT = 'enclave-app/TCB.txt';
/** What can never be in the image, whatever the report says. */
const FORBIDDEN = [
  /^parent-proxy\//,
  /^local-twin\//,
  /^client\//,
  /^cli\//,
  /^chain-relay\//,
  /^shared\/src\/transport\/dev\//,
  /^attestation\//,
];

interface Part {
  files: number;
  lines: number;
}

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, entry: { type: 'string', default: 'enclave-app/src/main.ts' } },
});

const inputs = await reachableFiles(values.entry);
const forbidden = inputs.filter((file) => FORBIDDEN.some((pattern) => pattern.test(file)));
if (forbidden.length > 0)
  fail(`Must not be in the enclave image:\n${forbidden.map((file) => `  ${file}`).join('\n')}`);
const report = render(inputs);
if (values.check) {
  if (readFileSync(REPORT, 'utf8') !== report)
    fail(`${REPORT} is not up to date: review "npm run tcb && git diff ${REPORT}".`);
} else {
  writeFileSync(REPORT, report);
}

async function reachableFiles(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    conditions: ['source'],
    loader: { '.node': 'empty' },
    logLevel: 'error',
  });
  return Object.keys(metafile.inputs)
    .filter((file) => !file.startsWith('('))
    .sort();
}

function render(files: readonly string[]): string {
  const packages = new Map<string, Part>();
  const own: string[] = [];
  let ownLines = 0;
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n').length;
    const name = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
    if (name === undefined) {
      own.push(`${String(lines).padStart(6)}  ${file}`);
      ownLines += lines;
      continue;
    }
    const root = file.slice(0, file.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}`.length);
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const part = packages.get(`${name}@${version}`) ?? { files: 0, lines: 0 };
    packages.set(`${name}@${version}`, { files: part.files + 1, lines: part.lines + lines });
  }
  const foreign = [...packages].sort(([a], [b]) => (a < b ? -1 : 1));
  const foreignLines = foreign.reduce((sum, [, { lines }]) => sum + lines, 0);
  return [
    'The trusted base of the enclave: what enclave-app/src/main.ts reaches. Made by "npm run tcb"; growth is reviewed.',
    '',
    `Own code: ${own.length} files, ${ownLines} lines`,
    ...own,
    '',
    `Packages: ${foreign.length}, ${foreignLines} lines (each has its reason in docs/adr/0002-enclave-dependencies.md)`,
    ...foreign.map(([name, part]) => `${String(part.lines).padStart(6)}  ${name}, ${part.files} files`),
    '',
  ].join('\n');
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
