// `npm run operate`: an operator's command of `strongroom` beside a running `make dev`.
import { existsSync, readFileSync } from 'node:fs';
import { homeOf, operatorFilePath } from './home.ts';

const file = operatorFilePath(homeOf(process.env));
if (existsSync(file)) {
  Object.assign(process.env, JSON.parse(readFileSync(file, 'utf8')));
  await import('../system/operator-command.ts');
} else {
  console.error(`There is no ${file}: run "make dev" in another terminal first.`);
  process.exitCode = 1;
}
