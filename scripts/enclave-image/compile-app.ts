import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Own workspaces that others import by name. */
const PACKAGES = ['attestation', 'chain-relay', 'client', 'shared'];
/** A program that another one, the command, imports by name too. */
const IMPORTED_PROGRAM = 'parent-proxy';

/** Programs whose verifier speaks of Web Crypto by the names of browsers. */
const WITH_VERIFIER = /^(cli|local-twin)\//;

/**
 * Compiles composition roots and what they reach, nothing else, into `app`: own workspaces keep their place,
 * those that others import by name become packages.
 * @param mains TypeScript files, relative to `repository`
 * @throws Error when a program does not type-check
 */
export function compileApp(repository: string, mains: readonly string[], app: string): void {
  // Inside the repository, because the compiler looks for packages and types from the project file upwards.
  const work = mkdtempSync(join(repository, 'node_modules', '.enclave-image-'));
  try {
    const project = join(work, 'tsconfig.json');
    const out = join(work, 'out');
    writeFileSync(project, JSON.stringify(projectFile(repository, mains, out)));
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(repository, 'node_modules/typescript/bin/tsc'), '-p', project],
      {
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`the application does not compile:\n${stdout}`);
    const packages = PACKAGES.map((workspace) => ({
      workspace,
      to: join(app, 'node_modules/@strongroom', workspace),
      below: 'dist',
    }));
    const programs = ['cli', 'enclave-app', 'local-twin', 'parent-proxy'].map((workspace) => ({
      workspace,
      to: join(app, workspace),
      below: '',
    }));
    for (const { workspace, to, below } of [...packages, ...programs]) {
      if (!existsSync(join(out, workspace))) continue;
      cpSync(join(out, workspace), join(to, below), { recursive: true });
      cpSync(join(repository, workspace, 'package.json'), join(to, 'package.json'));
    }
    if (existsSync(join(out, 'cli'))) linkProgram(app);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Lets a program be imported by its name, from where it is. */
function linkProgram(app: string): void {
  const folder = join(app, 'node_modules/@strongroom', IMPORTED_PROGRAM);
  mkdirSync(folder, { recursive: true });
  cpSync(join(app, IMPORTED_PROGRAM, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join('../../..', IMPORTED_PROGRAM), join(folder, 'dist'));
}

/** One project without declarations or incremental state; only the files that `mains` reach are in it. */
function projectFile(repository: string, mains: readonly string[], outDir: string): object {
  return {
    extends: join(repository, 'tsconfig.base.json'),
    compilerOptions: {
      rootDir: repository,
      outDir,
      declaration: false,
      composite: false,
      incremental: false,
      noEmitOnError: true,
      // As own sources, not as packages: only those are compiled.
      paths: Object.fromEntries(
        [...PACKAGES, IMPORTED_PROGRAM].map((name) => [
          `@strongroom/${name}/*`,
          [join(repository, name, 'src/*.ts')],
        ]),
      ),
      ...(mains.some((main) => WITH_VERIFIER.test(main)) && {
        lib: ['es2024', 'esnext.disposable', 'esnext.iterator', 'dom'],
      }),
      typeRoots: [join(repository, 'node_modules/@types')],
    },
    files: mains.map((main) => join(repository, main)),
    // Declarations of packages that ship none; they add no code.
    include: ['enclave-app', 'parent-proxy', 'shared'].map((workspace) =>
      join(repository, workspace, 'src/**/*.d.ts'),
    ),
  };
}

/** Temporary folder that goes with `using`. */
export function temporaryDir(name: string): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), `strongroom-${name}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
