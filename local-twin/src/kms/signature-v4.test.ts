import { Buffer } from 'node:buffer';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { beforeAll, describe, expect, it } from 'vitest';
import type { KmsException } from './kms-exception.ts';
import type { KmsCredential } from './principal.ts';
import { type SignedRequest, verifySignatureV4 } from './signature-v4.ts';

const ROLE: KmsCredential = {
  accessKeyId: 'ASIAROLE',
  secretAccessKey: 'role-secret',
  sessionToken: 'session/token+=',
  expiresAtMs: Date.now() + 3_600_000,
  principalArn: 'arn:aws:iam::111122223333:role/service/parent',
};
const USER: KmsCredential = {
  accessKeyId: 'AKIAUSER',
  secretAccessKey: 'user-secret',
  principalArn: 'arn:aws:iam::444455556666:user/admin',
};
const credentials = new Map([ROLE, USER].map((credential) => [credential.accessKeyId, credential]));

/** A request as AWS's own client signs it now. */
async function signedBySdk(
  credential: KmsCredential,
  region = 'us-east-1',
  endpoint?: string,
): Promise<SignedRequest> {
  let captured: SignedRequest | undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = credential;
  const client = new KMSClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    requestHandler: {
      handle: (request: {
        method: string;
        path: string;
        headers: Record<string, string>;
        body: Uint8Array;
      }) => {
        captured = { ...request, target: request.path, body: Uint8Array.from(request.body) };
        return Promise.reject(new Error('captured'));
      },
    },
  });
  await client.send(new DescribeKeyCommand({ KeyId: 'id' })).catch(() => undefined);
  const headers = Object.entries(captured!.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return { ...captured!, headers: Object.fromEntries(headers) };
}

function outcome(request: SignedRequest, nowMs = Date.now()): string {
  try {
    verifySignatureV4(request, credentials, nowMs);
    return 'accepted';
  } catch (error) {
    return (error as KmsException).type;
  }
}

let request: SignedRequest;
beforeAll(async () => {
  request = await signedBySdk(ROLE);
});
const withHeader = (name: string, value: string | undefined): SignedRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});
const inAuthorization = (from: string | RegExp, to: string) =>
  withHeader('authorization', request.headers['authorization']!.replace(from, to));

describe("a request signed by AWS's client", () => {
  it('tells the role, its session and the Region', () => {
    const { principal, region } = verifySignatureV4(request, credentials, Date.now());
    expect(region).toBe('us-east-1');
    expect(principal).toEqual({
      arn: 'arn:aws:iam::111122223333:role/service/parent',
      sessionArn: 'arn:aws:sts::111122223333:assumed-role/parent/ASIAROLE',
      accountId: '111122223333',
    });
  });

  it('tells a user, whose own ARN is used in messages', async () => {
    const { principal, region } = verifySignatureV4(
      await signedBySdk(USER, 'eu-west-3'),
      credentials,
      Date.now(),
    );
    expect([principal.arn, principal.sessionArn, region]).toEqual([
      USER.principalArn,
      USER.principalArn,
      'eu-west-3',
    ]);
  });

  const refusals: readonly [string, () => SignedRequest, string][] = [
    ['no Authorization', () => withHeader('authorization', undefined), 'MissingAuthenticationTokenException'],
    ['another scheme', () => withHeader('authorization', 'Bearer x'), 'IncompleteSignatureException'],
    ['another service', () => inAuthorization('/kms/', '/s3/'), 'IncompleteSignatureException'],
    ['no date', () => withHeader('x-amz-date', undefined), 'IncompleteSignatureException'],
    ['a header added', () => withHeader('x-amz-extra', '1'), 'IncompleteSignatureException'],
    ['host not signed', () => inAuthorization('host;', ''), 'IncompleteSignatureException'],
    ['an unknown access key', () => inAuthorization('ASIAROLE', 'ASIAOTHER'), 'UnrecognizedClientException'],
    ['another session token', () => withHeader('x-amz-security-token', 'x'), 'UnrecognizedClientException'],
    ['no session token', () => withHeader('x-amz-security-token', undefined), 'UnrecognizedClientException'],
    [
      'another body',
      () => ({ ...request, body: Buffer.from('{"KeyId":"other"}') }),
      'InvalidSignatureException',
    ],
    [
      'another operation',
      () => withHeader('x-amz-target', 'TrentService.Decrypt'),
      'InvalidSignatureException',
    ],
    ['another host', () => withHeader('host', 'kms.us-east-2.amazonaws.com'), 'InvalidSignatureException'],
    ['another path', () => ({ ...request, target: '/x' }), 'InvalidSignatureException'],
    ['another query', () => ({ ...request, target: '/?x=1' }), 'InvalidSignatureException'],
    ['another method', () => ({ ...request, method: 'PUT' }), 'InvalidSignatureException'],
    [
      'another Region in the scope',
      () => inAuthorization('us-east-1', 'us-east-2'),
      'InvalidSignatureException',
    ],
    [
      'another day in the scope',
      () => inAuthorization(/\/\d{8}\//, '/20200101/'),
      'InvalidSignatureException',
    ],
    [
      'a changed signature',
      () => inAuthorization(/.$/, request.headers['authorization']!.endsWith('0') ? '1' : '0'),
      'InvalidSignatureException',
    ],
    ['a truncated signature', () => inAuthorization(/[0-9a-f]$/, ''), 'IncompleteSignatureException'],
  ];
  it.each(refusals)('is refused with %s', (_, change, type) => {
    expect(outcome(change())).toBe(type);
  });

  it('lives five minutes, in both directions', () => {
    const [, y, mo, d, h, m, s] = /^(....)(..)(..)T(..)(..)(..)Z$/
      .exec(request.headers['x-amz-date']!)!
      .map(Number);
    const signedAtMs = Date.UTC(y!, mo! - 1, d, h, m, s);
    expect(outcome(request, signedAtMs + 300_000)).toBe('accepted');
    expect(outcome(request, signedAtMs + 300_001)).toBe('InvalidSignatureException');
    expect(outcome(request, signedAtMs - 300_000)).toBe('accepted');
    expect(outcome(request, signedAtMs - 300_001)).toBe('InvalidSignatureException');
  });

  it('is refused once the session has expired, and not as long as the signature is wrong', () => {
    const expired = new Map([[ROLE.accessKeyId, { ...ROLE, expiresAtMs: Date.now() - 1 }]]);
    expect(() => verifySignatureV4(request, expired, Date.now())).toThrow(
      expect.objectContaining({ type: 'ExpiredTokenException' }),
    );
    const forged = { ...request, body: Buffer.from('{}') };
    expect(() => verifySignatureV4(forged, expired, Date.now())).toThrow(
      expect.objectContaining({ type: 'InvalidSignatureException' }),
    );
  });

  it('is refused at the endpoint of another Region', async () => {
    const endpoint = 'https://kms.us-east-1.amazonaws.com';
    expect(outcome(await signedBySdk(ROLE, 'us-east-1', endpoint))).toBe('accepted');
    expect(outcome(await signedBySdk(ROLE, 'us-east-2', endpoint))).toBe('InvalidSignatureException');
    expect(outcome(await signedBySdk(ROLE, 'us-east-2', 'https://localhost'))).toBe('accepted');
  });
});
