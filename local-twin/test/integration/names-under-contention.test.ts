import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
let project: TestProject;
let path: string;

beforeAll(async () => {
  system = await startTestSystem();
});
beforeEach(async () => {
  project = await createTestProject(system);
});
afterAll(() => system[Symbol.asyncDispose]());

interface Account {
  readonly address: string;
  readonly name?: string;
}

async function create(body: object): Promise<{ status: number; account: Account }> {
  const { status, text } = await sendSigned(project, 'POST', path, { body });
  return { status, account: JSON.parse(text) };
}

async function rename(address: string, name: string): Promise<number> {
  return (await sendSigned(project, 'PUT', `${path}/${address}`, { body: { name } })).status;
}

async function sign(address: string): Promise<number> {
  const body = { message: 'still mine' };
  return (await sendSigned(project, 'POST', `${path}/${address}/sign/message`, { body })).status;
}

async function list(): Promise<Account[]> {
  const { text } = await sendSigned(project, 'GET', path, { query: '?pageSize=1000' });
  return JSON.parse(text).accounts;
}

function count(database: 'primary' | 'vault', table: string): number {
  const opened = new DatabaseSync(join(system.home, 'data', `${database}.sqlite`), { readOnly: true });
  const row = opened.prepare(`SELECT count(*) AS count FROM ${table}`).get();
  opened.close();
  return row?.['count'] as number;
}

const ones = (status: number, statuses: readonly number[]) =>
  statuses.filter((each) => each === status).length;

describe.each([
  ['evm', 'solana'],
  ['solana', 'evm'],
])('a name of %s that many want at once', (family, otherFamily) => {
  beforeEach(() => {
    path = `/v2/${family}/accounts`;
  });

  it('goes to one of 40 creations, and the others leave no key behind', async () => {
    const made = await Promise.all(Array.from({ length: 40 }, () => create({ name: 'wanted' })));
    const statuses = made.map(({ status }) => status);
    expect([ones(201, statuses), ones(409, statuses)]).toEqual([1, 39]);
    const winner = made.find(({ status }) => status === 201)?.account.address as string;
    expect(await list()).toEqual([expect.objectContaining({ name: 'wanted', address: winner })]);
    expect(await sign(winner)).toBe(200);
    expect(count('vault', 'wallet_key')).toBe(count('primary', 'account'));
  });

  it('goes to one of 20 accounts that are renamed, and each of them goes on', async () => {
    const accounts = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create({ name: `own-${index}` })),
    );
    const addresses = accounts.map(({ account }) => account.address);
    const statuses = await Promise.all(addresses.map((address) => rename(address, 'wanted')));
    expect([ones(200, statuses), ones(409, statuses)]).toEqual([1, 19]);
    const names = (await list()).map(({ name }) => name);
    expect(names.filter((name) => name === 'wanted')).toHaveLength(1);
    expect(new Set(names).size).toBe(20);
    // A loser signs, and can still be renamed: the version that was refused to it is not in its way.
    for (const [index, address] of addresses.entries()) {
      expect(await sign(address)).toBe(200);
      expect(await rename(address, `later-${index}`)).toBe(200);
    }
  });

  it('goes to a creation or to a renaming, and never to both', async () => {
    const { account } = await create({});
    for (let round = 0; round < 10; round += 1) {
      const name = `round-${round}`;
      const [created, renamed] = await Promise.all([create({ name }), rename(account.address, name)]);
      expect([created.status, renamed].sort()).toEqual(created.status === 201 ? [201, 409] : [200, 409]);
    }
    const names = (await list()).flatMap(({ name }) => name ?? []);
    expect(new Set(names).size).toBe(names.length);
  });

  it('may be taken in each project once, and by the other family', async () => {
    expect((await create({ name: 'shared' })).status).toBe(201);
    const body = { name: 'shared' };
    expect((await sendSigned(project, 'POST', `/v2/${otherFamily}/accounts`, { body })).status).toBe(201);
    project = await createTestProject(system);
    expect((await create({ name: 'shared' })).status).toBe(201);
    expect((await create({ name: 'shared' })).status).toBe(409);
  });
});
