// Rewrites docs/cli.md from the table of commands; `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { COMMANDS } from '@strongroom/cli/commands';
import { commandHelp, overview } from '@strongroom/cli/framework/help';

const FILE = 'docs/cli.md';

const block = (text: string) => `\`\`\`\n${text.trimEnd()}\n\`\`\`\n`;
const sections = COMMANDS.map((command) => `## ${command.name}\n\n${block(commandHelp(command))}`);
const document = `# The \`strongroom\` command

Made from the table of commands by \`node --conditions=source scripts/cli-docs.ts\`; [cli/README.md](../cli/README.md) says how it is installed and extended.

${block(overview(COMMANDS))}
${sections.join('\n')}`;

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, document);
} else if (readFileSync(FILE, 'utf8') !== document) {
  console.error(`${FILE} is not what the commands say: run "node --conditions=source scripts/cli-docs.ts".`);
  process.exit(1);
}
