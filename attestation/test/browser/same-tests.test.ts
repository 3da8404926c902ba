import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium.ts';
import type { Report } from './vitest-in-page.ts';

const workspace = fileURLToPath(new URL('../../', import.meta.url));
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The same files that vitest runs in Node: what is beside the source, and the whole corpus. */
const FILES = [
  ...readdirSync(`${workspace}src`)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `src/${name}`),
  'test/vectors/corpus.test.ts',
  'test/vectors/strongroom-service.test.ts',
  'test/vectors/certificates.test.ts',
  'test/vectors/issued-certificates.test.ts',
];

/** Bundles one test file for a page: vitest and the reading of files have stand-ins, nothing else has. */
async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import './${file}'; import { runTests } from 'vitest'; globalThis.report = runTests();`,
      resolveDir: workspace,
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    alias: { vitest: here('vitest-in-page.ts') },
    plugins: [
      {
        name: 'load-file',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/load-file\.ts$/ }, () => ({ path: here('../load-file.browser.ts') })),
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

/** Serves an empty page and `vectors/`; Web Crypto works on 127.0.0.1 as it does under https. */
function serve(): Promise<Server> {
  const vectors = new URL('../../../vectors/', import.meta.url);
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    const file = new URL(path.slice('/vectors/'.length), vectors);
    if (!path.startsWith('/vectors/')) response.setHeader('content-type', 'text/html').end('<!doctype html>');
    else if (!file.href.startsWith(vectors.href) || !existsSync(file)) response.writeHead(404).end();
    else createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

describe('in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let server: Server;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launchChromium(), serve()]);
    page = await browser.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  for (const file of FILES) {
    it(`${file} passes as it does in Node`, async () => {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.addScriptTag({ type: 'module', content: await bundle(file) });
      await page.waitForFunction('globalThis.report !== undefined');
      const report = (await page.evaluate('globalThis.report')) as Report;
      expect(report.failures).toEqual([]);
      expect(report.passed).toBeGreaterThan(0);
    });
  }

  it('a failing test would be seen', async () => {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const content = await bundle('test/browser/failing.fixture.ts');
    await page.addScriptTag({ type: 'module', content });
    await page.waitForFunction('globalThis.report !== undefined');
    const report = (await page.evaluate('globalThis.report')) as Report;
    expect(report.passed).toBe(1);
    expect(report.failures).toHaveLength(5);
  });
});
