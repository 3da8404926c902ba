import type { Deployment } from '@strongroom/parent-proxy/operator/deployment';
import type { RootKeyState } from '@strongroom/parent-proxy/operator/root-key';
import type { Command, CommandResult, Invocation, Options } from '../framework/command.ts';
import { integer, list } from '../framework/values.ts';
import { withDeployment } from '../input/deployment.ts';

const KMS_KEY_OPTION = {
  'kms-key': {
    type: 'text',
    placeholder: 'ARN',
    isRepeatable: true,
    summary: 'a KMS key of the measured configuration; default: all of them',
  },
} as const satisfies Options;
const STATE_SHAPE = '{ recordVersion, generation, roots: [{ generation, keyArns }] }';
const NOT_ERASED = "\nA database's journal still has what was replaced; run the command again later.";
const MAX_GENERATION = 0xffff_ffff;
/** The steps that go through accounts. */
const COUNTED: ReadonlySet<string> = new Set(['reseal', 'review']);
const DEFAULT_SETTLE_S = 45;
const DEFAULT_SHARE_PERCENT = 50;

export const rotateRootKey: Command = {
  name: 'rotate root-key',
  role: 'operator',
  summary: 'make the next generation of the root key, seal everything under it, certify, retire the old one',
  description: `The service goes on signing. Run again after an interruption, it goes on where it was. Every proxy and enclave of the
deployment has to be up and healthy, or stopped.`,
  options: {
    to: {
      type: 'integer',
      placeholder: 'GENERATION',
      range: [1, MAX_GENERATION],
      summary:
        'the generation to end with: repeated after its end, the command changes nothing; default: that of a rotation under way, else the next',
    },
    ...KMS_KEY_OPTION,
    share: {
      type: 'integer',
      placeholder: 'PERCENT',
      range: [1, 100],
      summary: `of the time, how much the rotation may work; default: ${DEFAULT_SHARE_PERCENT}`,
    },
    'settle-seconds': {
      type: 'integer',
      placeholder: 'N',
      range: [0, 3600],
      summary: `how long proxies may take to hand over a new root record; default: ${DEFAULT_SETTLE_S}`,
    },
  },
  irreversible:
    'Everything is sealed anew and the old generation leaves the root record. Rotate the root key?',
  examples: [
    'strongroom rotate root-key --to 2',
    'strongroom rotate root-key --to 2 --share 20 --yes --json',
  ],
  json: '{ generation, certificate (base64), isErased: whether no journal of a database has what was replaced }',

  async run(invocation) {
    const { values, progress } = invocation;
    const { rotate } = await import('@strongroom/parent-proxy/operator/root-key');
    const { generation, certificate, isErased } = await withDeployment(invocation, (deployment) =>
      rotate(deployment, {
        generation: integer(values, 'to') ?? null,
        keyArns: list(values, 'kms-key') ?? null,
        settleMs: 1000 * (integer(values, 'settle-seconds') ?? DEFAULT_SETTLE_S),
        share: (integer(values, 'share') ?? DEFAULT_SHARE_PERCENT) / 100,
        report: ({ step, accounts, totalAccounts, elapsedMs }) =>
          progress({ step, done: accounts, total: COUNTED.has(step) ? totalAccounts : 0, elapsedMs }),
      }),
    );
    const encoded = Buffer.from(certificate).toString('base64');
    return {
      text: `The root key is of generation ${generation}. Certificate of what the enclave saw:\n${encoded}${isErased ? '' : NOT_ERASED}`,
      json: { generation, certificate: encoded, isErased },
    };
  },
};

export const rootKeyStatus: Command = {
  name: 'root-key status',
  role: 'operator',
  summary: 'generations of the root key that the enclave holds, and the KMS keys that wrap them',
  description: 'One that seals is the newest; others only open what is not yet sealed anew.',
  options: {},
  examples: ['strongroom root-key status'],
  json: STATE_SHAPE,

  async run(invocation) {
    const { rootKeyState } = await import('@strongroom/parent-proxy/operator/root-key');
    return await shownState(invocation, rootKeyState);
  },
};

export const rootKeyAddKms: Command = {
  name: 'root-key add-kms',
  role: 'operator',
  summary: 'wrap the root key by further KMS keys of the measured configuration',
  description: 'No row is sealed anew; from then on either key opens the root.',
  options: KMS_KEY_OPTION,
  examples: [
    'strongroom root-key add-kms --kms-key arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002',
  ],
  json: STATE_SHAPE,

  async run(invocation) {
    const { addKmsKeys } = await import('@strongroom/parent-proxy/operator/root-key');
    const keyArns = list(invocation.values, 'kms-key') ?? null;
    return await shownState(invocation, (deployment) => addKmsKeys(deployment, keyArns));
  },
};

async function shownState(
  invocation: Invocation,
  ask: (deployment: Deployment) => Promise<RootKeyState>,
): Promise<CommandResult> {
  const { recordVersion, generation, roots } = await withDeployment(invocation, ask);
  const lines = roots.map((root) => {
    const use = root.generation === generation ? 'seals' : 'opens';
    return `generation ${root.generation} (${use}): ${root.keyArns.join(', ')}`;
  });
  return {
    text: [`root record version ${recordVersion}`, ...lines].join('\n'),
    json: {
      recordVersion,
      generation,
      roots: roots.map((root) => ({ generation: root.generation, keyArns: root.keyArns })),
    },
  };
}
