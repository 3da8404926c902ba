import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../cli/run-command.ts';
import { bstr } from '../../scripts/forge/cbor-writer.ts';
import { NOW_MS, selfSignedRoot } from '../../scripts/forge/chain.ts';
import { document, PINS } from '../../scripts/forge/document.ts';
import { manifestOf, SERVICE_CASES } from '../../scripts/forge/service-cases.ts';
import { at, pins, scratch, verdict } from './command-line.ts';

const { directory, file } = scratch('cli-service-');
afterAll(() => rmSync(directory, { recursive: true }));

describe('a service', () => {
  const root = selfSignedRoot();
  const manifest = manifestOf(SERVICE_CASES['ready']!);
  const userData = bstr(createHash('sha256').update(manifest).digest());
  const answer = (nonce: Uint8Array): string => {
    const attestationDocument = Buffer.from(
      document(root, { fields: { user_data: userData, nonce: bstr(nonce) } }),
    );
    return JSON.stringify({
      attestationDocument: attestationDocument.toString('base64'),
      manifest: manifest.toString('base64'),
    });
  };
  const pem = file(
    'root.pem',
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(root.der).toString('base64')}\n-----END CERTIFICATE-----\n`,
  );
  const common = [...pins(PINS), ...at(NOW_MS), '--custom-root', pem, '--json'];
  const nonces: string[] = [];
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      const nonce = Buffer.from(searchParams.get('nonce') ?? '', 'hex');
      nonces.push(nonce.toString('hex'));
      if (pathname === '/v2/enclave/attestation') response.end(answer(nonce));
      else if (pathname.startsWith('/replay')) response.end(answer(Buffer.alloc(32, 1)));
      else if (pathname.startsWith('/redirect'))
        response.writeHead(302, { location: '/v2/enclave/attestation' }).end();
      else if (pathname.startsWith('/large')) response.end('x'.repeat(2 << 20));
      else if (pathname.startsWith('/nonsense')) response.end('<html>');
      else response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('is asked with a fresh nonce and verified with its manifest', async () => {
    const { exitCode, json } = await runCommand(['verify', url, ...common]);
    expect([exitCode, json]).toMatchObject([
      0,
      { accepted: true, trust: 'custom-root', manifest: { purpose: 'client', phase: 'ready' } },
    ]);
    await runCommand(['verify', `${url}/v2/enclave/attestation`, ...common]);
    expect(nonces).toHaveLength(2);
    expect(nonces[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(nonces[1]).not.toBe(nonces[0]);
  });

  it('is not believed when it replays, redirects, floods, fails or is another deployment', async () => {
    expect(await verdict(['verify', `${url}/replay`, ...common])).toEqual([1, 'NONCE_MISMATCH']);
    expect(await verdict(['verify', `${url}/redirect`, ...common])).toEqual([1, 'SERVICE_UNREACHABLE']);
    expect(await verdict(['verify', `${url}/large`, ...common])).toEqual([1, 'SERVICE_UNREACHABLE']);
    expect(await verdict(['verify', `${url}/nonsense`, ...common])).toEqual([1, 'SERVICE_ANSWER']);
    expect(await verdict(['verify', `${url}/failing`, ...common])).toEqual([1, 'SERVICE_ANSWER']);
    expect(await verdict(['verify', 'http://127.0.0.1:1', ...common])).toEqual([1, 'SERVICE_UNREACHABLE']);
    expect(await verdict(['verify', url, ...common, '--deployment', '11'.repeat(32)])).toEqual([
      1,
      'MANIFEST_DEPLOYMENT',
    ]);
    expect(await verdict(['verify', url, ...common, '--configuration', '11'.repeat(32)])).toEqual([
      1,
      'MANIFEST_CONFIGURATION',
    ]);
    expect(await verdict(['verify', url, ...common, '--status'])).toEqual([1, 'MANIFEST_PURPOSE']);
  });

  it('may have answered into a file', async () => {
    const nonce = Buffer.alloc(16, 5);
    const saved = file('answer.json', answer(nonce));
    expect(await verdict(['verify', saved, ...common, '--nonce', nonce.toString('hex')])).toEqual([
      0,
      'ACCEPTED',
    ]);
    expect(await verdict(['verify', saved, ...common, '--no-nonce'])).toEqual([2, 'USAGE']);
    expect(
      await verdict(['verify', file('list.json', '{"attestationDocument":1}'), ...common, '--no-nonce']),
    ).toEqual([1, 'SERVICE_ANSWER']);
  });
});
