// Requests made by hand to a system whose log is read: what each is refused for is known, and not only that it was.
import { expect } from 'vitest';
import { bearerToken, type Forgery, type TokenTarget, walletToken } from './forged-token.ts';
import { type LoggedSystem, startLoggedSystem } from './logged-system.ts';
import { createTestProject, type TestProject } from './project.ts';
import { type RawAnswer, sendRaw } from './raw-request.ts';

export const EVM = '/v2/evm/accounts';

/** How a token is made: honestly but for a forgery, by a function of the request, or not at all. */
export type TokenMaker = Forgery | ((target: TokenTarget) => string) | null;

export interface Sending {
  readonly as?: TestProject;
  readonly bearer?: TokenMaker;
  readonly wallet?: TokenMaker;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Expected = readonly [status: number, errorType: string, errorMessage?: string];

/** A running system with two projects, each with one account, that bears the name of its owner. */
export interface HandMadeRequests extends AsyncDisposable {
  readonly system: LoggedSystem;
  readonly authority: string;
  readonly mine: TestProject;
  readonly theirs: TestProject;
  /** Of the account of `mine`. */
  readonly address: string;
  /** Sends a request that is right but for what is said. */
  send(request: Partial<TokenTarget>, sending?: Sending): Promise<RawAnswer>;
  /** Checks that a refusal has CDP's form and no input in it, and that the log gives this code as its reason. */
  expectRefusal(answer: RawAnswer, expected: Expected, code: string): Promise<void>;
  /** Checks that there are no more accounts than at the start. */
  expectNothingMade(): Promise<void>;
}

export async function openHandMadeRequests(): Promise<HandMadeRequests> {
  const system = await startLoggedSystem();
  const authority = new URL(system.baseUrl).host;
  const mine = await createTestProject(system);
  const theirs = await createTestProject(system, { algorithm: 'ES256' });

  function send(request: Partial<TokenTarget>, sending: Sending = {}): Promise<RawAnswer> {
    const { as: project = mine, bearer = {}, wallet = {} } = sending;
    const { method, path, body } = { method: 'POST', path: EVM, body: '', ...request };
    // Tokens are made over the path without its query.
    const target = { method, authority, path: path.split('?')[0] as string, body };
    const authorization =
      typeof bearer === 'function' ? bearer(target) : bearer && bearerToken(project, target, bearer);
    const walletAuth =
      typeof wallet === 'function' ? wallet(target) : wallet && walletToken(project, target, wallet);
    const headers = {
      'content-type': 'application/json',
      ...(authorization !== null && { authorization: `Bearer ${authorization}` }),
      ...(walletAuth !== null && method !== 'GET' && { 'x-wallet-auth': walletAuth }),
      ...sending.headers,
    };
    return sendRaw(system.baseUrl, { method, path, headers, body });
  }

  async function expectOnlyNamed(name: string, project: TestProject): Promise<void> {
    const { text } = await send({ method: 'GET', path: `${EVM}?pageSize=1000` }, { as: project });
    expect(JSON.parse(text).accounts).toEqual([expect.objectContaining({ name })]);
  }

  const { text } = await send({ body: '{"name":"mine"}' });
  await send({ body: '{"name":"theirs"}' }, { as: theirs });
  return {
    system,
    authority,
    mine,
    theirs,
    address: JSON.parse(text).address,
    send,
    async expectRefusal(answer, [status, errorType, errorMessage], code) {
      expect(answer.contentType).toBe('application/json');
      const { correlationId, ...body } = JSON.parse(answer.text);
      const message = errorMessage ?? expect.stringMatching(/^[\x20-\x7e]{10,120}\.$/);
      expect([answer.status, body]).toEqual([status, { errorType, errorMessage: message }]);
      expect(answer.text).not.toMatch(/node:|\.ts\b|\bat \w+ \(|0x[0-9a-f]{64}|never/i);
      expect(correlationId).toEqual(expect.any(String));
      const refusal = await system.refusal(correlationId);
      expect(refusal.reason ?? refusal.code).toBe(code);
    },
    async expectNothingMade() {
      await expectOnlyNamed('mine', mine);
      await expectOnlyNamed('theirs', theirs);
    },
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  };
}
