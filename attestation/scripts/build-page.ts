// Builds the verification page into one file that needs no server: attestation/dist/verify.html.
// node --conditions=source attestation/scripts/build-page.ts [OUTPUT]
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = (name: string): string => fileURLToPath(new URL(`../example/${name}`, import.meta.url));
const output = process.argv[2] ?? fileURLToPath(new URL('../dist/verify.html', import.meta.url));

async function bundle(entry: string): Promise<string> {
  const options = {
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
  } as const;
  const { outputFiles } = await build({ ...options, entryPoints: [source(entry)] });
  const text = outputFiles[0]?.text.trim() ?? '';
  if (/<\/(script|style)/i.test(text)) throw new Error(`${entry} would end its own element`);
  return text;
}

/** Source expression of a content security policy for one inline element. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const [script, style, template] = await Promise.all([
  bundle('page.ts'),
  bundle('page.css'),
  readFile(source('index.html'), 'utf8'),
]);
// Only these two may run, nothing is loaded, and only the service that the reader names can be asked.
const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; connect-src http: https:; base-uri 'none'; form-action 'none'`;
const head = [
  `<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
  `<style>${style}</style>`,
  `<script type="module">${script}</script>`,
].join('\n    ');
await mkdir(dirname(output), { recursive: true });
await writeFile(
  output,
  template.replace('%HEAD%', () => head),
);
console.log(`${output}: ${script.length} bytes of script, ${style.length} of style`);
