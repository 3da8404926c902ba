import { type OwnerSession, openOwnerSession } from '@strongroom/client/owner';
import { readAllPages } from '@strongroom/client/pages';
import type { Command, CommandResult, Invocation, Positional } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { readJsonFile, required } from '../framework/values.ts';
import { readOwner } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

const POLICIES = '/v2/policy-engine/policies';
const SHAPE = '{ id, scope, description, rules, createdAt, updatedAt }';
const ID: Positional = { name: 'ID', summary: 'of the policy, as `policy list` shows it' };
const FILE_OPTIONS = {
  ...SERVICE_OPTIONS,
  file: { type: 'file', isRequired: true, summary: 'the request as JSON: docs/policies.md' },
} as const;

export const policyList: Command = {
  name: 'policy list',
  role: 'owner',
  summary: "list the project's policies, newest first",
  description: 'One line each; `policy show` has the rules.',
  options: SERVICE_OPTIONS,
  examples: ['strongroom policy list --credentials acme.json'],
  json: `[${SHAPE}]`,

  async run(invocation) {
    const session = await open(invocation);
    const policies = await readAllPages(session, POLICIES, 'policies');
    const lines = policies.map(({ id, scope, description }) =>
      `${id}  ${scope}  ${description ?? ''}`.trimEnd(),
    );
    return { text: lines.length === 0 ? 'No policies.' : lines.join('\n'), json: policies };
  },
};

export const policyShow: Command = {
  name: 'policy show',
  role: 'owner',
  summary: 'show a policy with its rules',
  description:
    'A matching reject beats every matching accept, in whatever order they stand: docs/policies.md.',
  positionals: [ID],
  options: SERVICE_OPTIONS,
  examples: ['strongroom policy show 9b2f… --credentials acme.json'],
  json: SHAPE,

  async run(invocation) {
    const { ask } = await open(invocation);
    return shown((await ask({ method: 'GET', path: pathOf(invocation) })).json);
  },
};

export const policyCreate: Command = {
  name: 'policy create',
  role: 'owner',
  summary: 'make a policy of a JSON file',
  description: 'A project has at most one policy of scope "project"; others are given to accounts.',
  options: FILE_OPTIONS,
  examples: ['strongroom policy create --file policy.json --credentials acme.json'],
  json: SHAPE,

  async run(invocation) {
    const body = readJsonFile(required(invocation.values, 'file'));
    const { change } = await open(invocation);
    return shown((await change('POST', POLICIES, body)).json);
  },
};

export const policyUpdate: Command = {
  name: 'policy update',
  role: 'owner',
  summary: 'replace description and rules of a policy by those of a JSON file',
  description: 'For all accounts that have it, from the next request on.',
  positionals: [ID],
  options: FILE_OPTIONS,
  examples: ['strongroom policy update 9b2f… --file policy.json --credentials acme.json'],
  json: SHAPE,

  async run(invocation) {
    const body = readJsonFile(required(invocation.values, 'file'));
    const { change } = await open(invocation);
    return shown((await change('PUT', pathOf(invocation), body)).json);
  },
};

export const policyDelete: Command = {
  name: 'policy delete',
  role: 'owner',
  summary: 'remove a policy that no account has',
  description: 'What it refused is no longer refused.',
  positionals: [ID],
  options: SERVICE_OPTIONS,
  irreversible: 'A removed policy protects nothing any more. Remove it?',
  examples: ['strongroom policy delete 9b2f… --credentials acme.json'],
  json: '{ id }',

  async run(invocation) {
    const { change } = await open(invocation);
    await change('DELETE', pathOf(invocation));
    const [id = ''] = invocation.positionals;
    return { text: `Policy ${id} is removed.`, json: { id } };
  },
};

export const policyEvaluate: Command = {
  name: 'policy evaluate',
  role: 'owner',
  summary: 'say what would be decided on a request, and by which rule; signs nothing',
  description: 'The file names operation, request and address, or rules that are not in force yet.',
  options: FILE_OPTIONS,
  examples: ['strongroom policy evaluate --file request.json --credentials acme.json'],
  json: '{ verdict, reason, isUndecided, policyId, ruleIndex }',

  async run(invocation) {
    const body = readJsonFile(required(invocation.values, 'file'));
    const { ask } = await open(invocation);
    const { json } = await ask({ method: 'POST', path: '/v2/policy-engine/evaluate', body });
    const rule = json['ruleIndex'] === undefined ? '' : `, rule ${json['ruleIndex']}`;
    return { text: `${json['verdict']}: ${json['reason']}${rule}`, json };
  },
};

async function open({ values }: Invocation): Promise<OwnerSession> {
  return await openOwnerSession(readOwner(values).owner);
}

/** @throws UsageError */
function pathOf({ positionals: [id = ''] }: Invocation): string {
  if (!/^[0-9a-fA-F-]{36}$/.test(id)) throw new UsageError("A policy's id is a UUID.");
  return `${POLICIES}/${id}`;
}

function shown(json: Readonly<Record<string, unknown>>): CommandResult {
  return { text: JSON.stringify(json, null, 2), json };
}
