// Packs what a parent instance installs: Node, the compiled proxy and command with their packages, deploy/, and the image that `make eif` built.
// usage: node scripts/enclave-image/release.ts --image DIR --out FILE
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildVsockAddon } from '../../shared/native/build.ts';
import { compileApp, temporaryDir } from './compile-app.ts';
import { copyProductionPackages } from './production-packages.ts';
import { runTool, ToolError } from './tool.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** `strongroom` on a parent instance, from wherever the release was unpacked. */
const COMMAND = `#!/bin/sh
folder=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$folder/bin/node" --disable-proto=throw --no-strip-types "$folder/app/cli/src/main.js" "$@"
`;

/** Fills `out` with the release of the parent's side. */
export function assembleRelease(out: string): void {
  const app = join(out, 'app');
  mkdirSync(join(out, 'bin'), { recursive: true });
  compileApp(REPOSITORY, ['parent-proxy/src/main.ts', 'cli/src/main.ts'], app);
  const workspaces = ['parent-proxy', 'shared', 'attestation', 'chain-relay', 'client'];
  copyProductionPackages(REPOSITORY, workspaces, app);
  // Versions of its own, which npm keeps beside the workspace, belong beside the package that it becomes.
  const own = join(app, 'client/node_modules');
  if (existsSync(own)) renameSync(own, join(app, 'node_modules/@strongroom/client/node_modules'));
  buildVsockAddon({
    testAfUnix: false,
    out: join(app, 'node_modules/@strongroom/shared/native/build/vsock.node'),
  });
  execFileSync('strip', ['-o', join(out, 'bin/node'), process.execPath]);
  writeFileSync(join(out, 'bin/strongroom'), COMMAND, { mode: 0o755 });
  for (const dir of ['parent', 'systemd'])
    cpSync(join(REPOSITORY, 'deploy', dir), join(out, 'deploy', dir), { recursive: true });
}

function packRelease(): void {
  const { values } = parseArgs({ options: { image: { type: 'string' }, out: { type: 'string' } } });
  const { image, out: file } = values;
  if (image === undefined || file === undefined) throw new ToolError(2, '--image and --out are needed');
  const eif = join(image, 'enclave.eif');
  if (!existsSync(eif))
    throw new ToolError(
      2,
      'There is no Nitro image: run "make eif CONFIG=<measured configuration>" where nitro-cli is installed.',
    );
  using work = temporaryDir('release');
  assembleRelease(work.path);
  copyFileSync(eif, join(work.path, 'enclave.eif'));
  copyFileSync(join(image, 'pcrs.json'), join(work.path, 'pcrs.json'));
  mkdirSync(dirname(resolve(file)), { recursive: true });
  const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [...reproducible, '-czf', resolve(file), '-C', work.path, '.']);
  console.log(resolve(file));
}

if (import.meta.main) await runTool(packRelease);
