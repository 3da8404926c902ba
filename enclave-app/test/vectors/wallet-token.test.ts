// Requests recorded from @coinbase/cdp-sdk 1.57.0 with throw-away keys and a frozen clock.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseJson } from '@strongroom/shared/json/parse-json';
import { describe, expect, it } from 'vitest';
import { type TokenExpectation, verifyWalletToken } from '../../src/auth/wallet-token.ts';
import type { AuthorityRecord } from '../../src/records/authority-record.ts';

interface Recording {
  readonly label: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly bodyRaw: string;
  readonly xWalletAuth?: string;
  readonly walletDecoded?: readonly [object, { readonly reqHash?: string }];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/cdp/vectors.json', import.meta.url), 'utf8'),
) as {
  readonly frozenUnixTime: number;
  readonly keys: { readonly walletSecret: { readonly publicKeyPem: string } };
  readonly requests: readonly Recording[];
};
const publicKey = createPublicKey(vectors.keys.walletSecret.publicKeyPem).export({
  format: 'der',
  type: 'spki',
});
const authority = {
  walletSecrets: [{ publicKey, state: 'active', notAfterMs: null }],
  authorities: ['127.0.0.1:8787'],
} as unknown as AuthorityRecord;

function expectationOf(
  { method, target, bodyRaw }: Recording,
  changes: Partial<TokenExpectation> = {},
): TokenExpectation {
  const frozenMs = vectors.frozenUnixTime * 1000;
  return {
    method,
    path: target.split('?')[0] as string,
    body: bodyRaw === '' ? null : parseJson(Buffer.from(bodyRaw)),
    authority,
    nowMs: frozenMs + 900,
    bootMs: frozenMs - 60_000,
    ...changes,
  };
}

const signed = vectors.requests.filter((request) => request.xWalletAuth !== undefined);
const hashed = signed.filter(
  ({ walletDecoded, bodyRaw }) => walletDecoded?.[1].reqHash !== undefined || bodyRaw === '{}',
);
const verify = (request: Recording, changes?: Partial<TokenExpectation>) =>
  verifyWalletToken(request.xWalletAuth ?? null, expectationOf(request, changes));
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('recorded wallet tokens', () => {
  it.each(hashed.map((request) => [request.label, request] as const))('%s', (_label, request) => {
    expect(verify(request).issuedAtS).toBe(vectors.frozenUnixTime);
  });

  it('of an automatic retry, which has no reqHash, is refused', () => {
    const retries = signed.filter((request) => !hashed.includes(request));
    expect(retries).toHaveLength(1);
    for (const retry of retries)
      expect(() => verify(retry)).toThrow(code('WALLET_TOKEN_REQUEST_HASH_MISSING'));
  });

  it.each(hashed.map((request) => [request.label, request] as const))(
    'is for nothing else: %s',
    (_label, request) => {
      const otherBody = parseJson(Buffer.from('{"message":"something else"}'));
      const second = 1000;
      const issuedMs = vectors.frozenUnixTime * 1000;
      const cases: readonly (readonly [Partial<TokenExpectation>, string])[] = [
        [{ method: 'DELETE' }, 'WALLET_TOKEN_URI'],
        [{ path: '/v2/evm/accounts/0x0000000000000000000000000000000000000000/sign' }, 'WALLET_TOKEN_URI'],
        [{ authority: { ...authority, authorities: ['api.example.com'] } }, 'WALLET_TOKEN_URI'],
        [{ nowMs: issuedMs + 121 * second }, 'WALLET_TOKEN_STALE'],
        [{ nowMs: issuedMs - 31 * second }, 'WALLET_TOKEN_FUTURE'],
        [{ bootMs: issuedMs }, 'WALLET_TOKEN_BEFORE_BOOT'],
        [{ bootMs: issuedMs + 999 }, 'WALLET_TOKEN_BEFORE_BOOT'],
      ];
      for (const [change, expected] of cases) expect(() => verify(request, change)).toThrow(code(expected));
      expect(() => verify(request, { body: otherBody })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^WALLET_TOKEN_REQUEST_HASH_/) }),
      );
      expect(verify(request, { nowMs: issuedMs + 120 * second }).issuedAtS).toBe(vectors.frozenUnixTime);
      expect(verify(request, { bootMs: issuedMs - 1 }).issuedAtS).toBe(vectors.frozenUnixTime);
    },
  );

  it('of a secret that has retired, or is of another project, is refused', () => {
    const [request] = hashed as [Recording];
    const retired = {
      ...authority,
      walletSecrets: [{ publicKey, state: 'retiring', notAfterMs: 1 }],
    } as unknown as AuthorityRecord;
    expect(() => verify(request, { authority: retired })).toThrow(code('WALLET_TOKEN_SIGNATURE'));
    expect(() => verify(request, { authority: { ...authority, walletSecrets: [] } })).toThrow(
      code('WALLET_TOKEN_SIGNATURE'),
    );
  });
});
