// One round of a crash: many clients create accounts at once, a process is killed among their answers, the system is started again.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { recoverAddress } from 'viem';
import { createTestProject, type TestProject } from './project.ts';
import { type RawAnswer, sendRaw, UnansweredError } from './raw-request.ts';
import { sendSigned } from './signed-request.ts';
import type { TestSystem } from './test-system.ts';

export type Victim = 'proxy' | 'enclave' | 'both';

export interface CrashRound {
  readonly victim: Victim;
  readonly creates: number;
  /** The process is killed when this many clients have been told of their account. */
  readonly killAfterAnswers: number;
}

/** Accounts that clients were told of, by name. */
export type ToldOf = ReadonlyMap<string, `0x${string}`>;

export interface CrashReport {
  readonly project: TestProject;
  readonly toldOf: ToldOf;
  /** Clients that got no answer, or learned that the service is unavailable. */
  readonly interrupted: number;
  /** Accounts that exist although their client was not told of them. */
  readonly untold: number;
}

const EVM = '/v2/evm/accounts';

/** @throws AssertionError when anything that a client was told of is lost, or any client is left without an answer */
export async function runCrashRound(system: TestSystem, round: CrashRound): Promise<CrashReport> {
  const project = await createTestProject(system);
  const { toldOf, interrupted } = await createAndKill(system, project, round);
  if (round.victim === 'enclave') await assertAnswersWithoutEnclave(project, toldOf);
  await restart(system, round.victim);
  const listed = await listNames(project);
  assert.equal(new Set(listed).size, listed.length, 'no name is used twice');
  for (const name of toldOf.keys()) assert(listed.includes(name), `${name} is listed`);
  await assertAllSign(project, toldOf);
  await assertRepeatable(project, toldOf);
  const others = (await listNames(project)).filter((name) => !toldOf.has(name));
  await Promise.all(others.map(async (name) => assertSigns(project, await addressOf(project, name))));
  return { project, toldOf, interrupted, untold: listed.length - toldOf.size };
}

/** The process may have been killed a moment ago, so that it is killed for certain before it is started anew. */
async function restart(system: TestSystem, victim: Victim): Promise<void> {
  if (victim !== 'proxy') await system.enclave.kill();
  if (victim !== 'enclave') await system.proxy.kill();
  if (victim === 'proxy') return await system.restartProxy();
  // A proxy that starts alone says that its enclave is silent, and finds it when that starts after it.
  if (victim === 'both') await assert.rejects(system.restartProxy(), /not supplied instead of ready/);
  await system.restartEnclave();
}

/** Every fifth name is asked for by two clients; every second client has an idempotency key. */
function requestOf(index: number, creates: number): { readonly name: string; readonly key: string | null } {
  const name = `account-${index < creates ? index % Math.ceil((creates * 5) / 6) : index}`;
  return { name, key: index % 2 === 0 ? `key-${name}` : null };
}

/** Clients that come when the process has just been killed. */
const LATE_CLIENTS = 20;

async function createAndKill(system: TestSystem, project: TestProject, round: CrashRound) {
  const { creates, killAfterAnswers, victim } = round;
  const toldOf = new Map<string, `0x${string}`>();
  const lateClients: Promise<void>[] = [];
  let interrupted = 0;

  async function create(index: number): Promise<void> {
    const { name, key } = requestOf(index, creates);
    const answer = await answerOrNull(sendSigned(project, 'POST', EVM, { body: { name }, key }));
    if (answer === null || answer.status === 503) {
      assert.notEqual(victim, answer === null ? 'enclave' : 'proxy', 'the one that lives goes on answering');
      interrupted += 1;
    } else if (answer.status === 201) {
      assert(!toldOf.has(name), `only one client was told that ${name} is its own`);
      toldOf.set(name, JSON.parse(answer.text).address);
      if (toldOf.size === killAfterAnswers) kill();
    } else assert.equal(answer.status, 409, answer.text);
  }

  function kill(): void {
    if (victim !== 'proxy') void system.enclave.kill();
    if (victim !== 'enclave') void system.proxy.kill();
    for (let index = 0; index < LATE_CLIENTS; index += 1) lateClients.push(create(creates + index));
  }

  await Promise.all(Array.from({ length: creates }, (_, index) => create(index)));
  await Promise.all(lateClients);
  return { toldOf, interrupted };
}

/** Null when the connection broke; a client that is kept waiting is a failure. */
async function answerOrNull(answer: Promise<RawAnswer>): Promise<RawAnswer | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof UnansweredError) throw error;
    return null;
  }
}

/** Without its enclave the service reads, says that it can't sign, and lets nobody wait. */
async function assertAnswersWithoutEnclave(project: TestProject, toldOf: ToldOf): Promise<void> {
  const [[, address] = []] = toldOf;
  assert(address !== undefined);
  const sign = { body: { hash: `0x${'ab'.repeat(32)}` } };
  const answers = await Promise.all([
    sendSigned(project, 'POST', EVM, { body: { name: 'while-down' } }),
    sendSigned(project, 'POST', EVM, { body: {}, key: 'while-down' }),
    sendSigned(project, 'POST', `${EVM}/${address}/sign`, sign),
    sendRaw(project.baseUrl, { method: 'GET', path: `/v2/enclave/attestation?nonce=${'ab'.repeat(16)}` }),
  ]);
  for (const { status, contentType, text } of answers) {
    assert.deepEqual([status, contentType], [503, 'application/json'], text);
    const { errorType, errorMessage } = JSON.parse(text);
    assert.deepEqual([errorType, typeof errorMessage], ['service_unavailable', 'string']);
  }
  assert.equal((await sendSigned(project, 'GET', `${EVM}/${address}`)).status, 200);
  const deadline = Date.now() + 5000;
  while ((await sendRaw(project.baseUrl, { method: 'GET', path: '/healthz' })).status !== 503) {
    assert(Date.now() < deadline, 'health tells of the outage');
    await sleep(50);
  }
}

/** Each account of `toldOf` is found under its name and signs. */
export async function assertAllSign(project: TestProject, toldOf: ToldOf): Promise<void> {
  const signing = [...toldOf].map(async ([name, address]) => {
    assert.equal(await addressOf(project, name), address);
    await assertSigns(project, address);
  });
  await Promise.all(signing);
}

/** Who repeats a create under its idempotency key gets the account that was told of. */
async function assertRepeatable(project: TestProject, toldOf: ToldOf): Promise<void> {
  for (const [name, address] of toldOf) {
    const { status, text } = await sendSigned(project, 'POST', EVM, { body: { name }, key: `key-${name}` });
    // A name may be of a client without a key, whose competitor with the key was refused or interrupted.
    if (status === 201) assert.equal(JSON.parse(text).address, address);
    else assert.equal(status, 409, text);
  }
}

async function assertSigns(project: TestProject, address: `0x${string}`): Promise<void> {
  const hash = `0x${randomBytes(32).toString('hex')}` as const;
  const { status, text } = await sendSigned(project, 'POST', `${EVM}/${address}/sign`, { body: { hash } });
  assert.equal(status, 200, text);
  assert.equal(await recoverAddress({ hash, signature: JSON.parse(text).signature }), address);
}

async function addressOf(project: TestProject, name: string): Promise<`0x${string}`> {
  return JSON.parse((await sendSigned(project, 'GET', `${EVM}/by-name/${name}`)).text).address;
}

async function listNames(project: TestProject): Promise<string[]> {
  const { status, text } = await sendSigned(project, 'GET', EVM, { query: '?pageSize=1000' });
  assert.equal(status, 200, text);
  return JSON.parse(text).accounts.map(({ name }: { name: string }) => name);
}
