import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './usage-error.ts';

/** Asks a question whose answer is not shown. @throws UsageError when nobody can be asked */
export async function askSecret(question: string, insteadUse: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError(`There is no terminal to ask at: use ${insteadUse}.`);
  process.stderr.write(`${question} `);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await ask('', silence);
  process.stderr.write('\n');
  return answer;
}

/** Goes on only when "yes" is typed. @throws UsageError when it is not, or nobody can be asked */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError(`${question} There is no terminal to ask at: confirm with --yes.`);
  const answer = await ask(`${question} Type yes: `, process.stderr);
  if (answer.trim().toLowerCase() !== 'yes') throw new UsageError('Nothing was done.');
}

/** Asks for one line, at the terminal or from whatever is piped in. @throws UsageError when the input ends without one */
export async function askLine(question: string): Promise<string> {
  process.stderr.write(`${question}\n> `);
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line;
  } finally {
    lines.close();
  }
  throw new UsageError('Nobody answered.');
}

async function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await prompt.question(question);
  } catch {
    // Ctrl-C, or the end of the input.
    output.write('\n');
    throw new UsageError('Nothing was done.');
  } finally {
    prompt.close();
  }
}
