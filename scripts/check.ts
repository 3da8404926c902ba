// Runs every static check and says which of them failed.
import { spawnSync } from 'node:child_process';

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['format and lint', ['biome', 'ci', '--error-on-warnings', '.']],
  ['promises and switches', ['oxlint', '--type-aware', '--deny-warnings', '-c', '.oxlintrc.json', '.']],
  ['types', ['tsc', '-p', 'tsconfig.json']],
  ['project references', ['tsc', '-b', 'tsconfig.build.json']],
  ['unused code', ['knip']],
  ['trusted base', ['node', 'scripts/tcb.ts', '--check']],
  ['documented commands', ['node', '--conditions=source', 'scripts/cli-docs.ts', '--check']],
];

const failed = CHECKS.filter(([name, [command, ...args]]) => {
  const startedMs = performance.now();
  const { status } = spawnSync(command as string, args, { stdio: 'inherit' });
  console.log(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`,
  );
  return status !== 0;
});
process.exit(failed.length === 0 ? 0 : 1);
