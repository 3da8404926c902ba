import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyTrackedFiles } from './source-context.ts';
import { execute } from './tool.ts';

export interface CleanBuild {
  readonly repository: string;
  /** The deployment's measured configuration. */
  readonly configuration: string;
  /** Composition root, relative to the repository. */
  readonly main: string;
  /** Empty folder; afterwards holds `source` and `application`. */
  readonly work: string;
}

/**
 * Builds the image's root folder as Dockerfile.enclave does, without a container: a copy of the tracked sources, `npm ci` from the
 * lockfile, and the copy's own rootfs.ts. Nothing of the checkout but its tracked files, and nothing of its node_modules, is used.
 * @returns the folder of the application's ramdisk, whose `rootfs` is the root folder, and whether the sources are those of a commit
 * @throws ToolError
 */
export function buildRootfs({ repository, configuration, main, work }: CleanBuild): {
  application: string;
  isModified: boolean;
} {
  const source = join(work, 'source');
  mkdirSync(source, { recursive: true });
  const { isModified } = copyTrackedFiles(repository, source);
  const copied = join(source, 'configuration.json');
  copyFileSync(configuration, copied);
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  execute('npm', ['ci', ...options], { cwd: source, errors: 'told' });
  const application = assembleIn(source, {
    application: join(work, 'application'),
    configuration: copied,
    main,
  });
  return { application, isModified };
}

/**
 * Runs the rootfs.ts of sources that have their packages.
 * @returns the folder of the application's ramdisk
 * @throws ToolError
 */
export function assembleIn(
  source: string,
  { application, configuration, main }: Pick<CleanBuild, 'configuration' | 'main'> & { application: string },
): string {
  const rootfs = join(application, 'rootfs');
  mkdirSync(rootfs, { recursive: true });
  const script = 'scripts/enclave-image/rootfs.ts';
  const options = ['--out', rootfs, '--configuration', configuration, '--main', main];
  const node = join(source, 'node_modules/.bin/node');
  const args = ['--conditions=source', '--no-warnings', script, ...options];
  execute(node, args, { cwd: source, errors: 'told' });
  return application;
}
