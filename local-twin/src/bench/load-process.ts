// The load generator, in a process of its own: nothing that it does is counted, and it signs its requests before the clock runs.
import { randomInt } from 'node:crypto';
import { announce, receiveOptions } from '../system/child.ts';
import { fillStore } from './fill-store.ts';
import { type LoadResult, sendAll } from './keep-alive-load.ts';
import { createPrimitives, type PrimitivesCost } from './primitives.ts';
import { type BenchClient, createRequestSigner, type RequestSigner } from './signed-request.ts';
import { requestOf, type Workload } from './workload.ts';

/** One service under load. */
export interface LoadTarget {
  readonly client: BenchClient;
  readonly proxyPort: number;
  readonly enclavePort: number;
  readonly storeDirectory: string;
}

export interface LoadProcessOptions {
  readonly targets: Readonly<Record<string, LoadTarget>>;
}

/** What the process is told to do, and what each command is answered with. */
export interface LoadCommands {
  /** Makes accounts, under a policy if one is named; later requests take any of them. */
  readonly fill: {
    readonly target: string;
    readonly count: number;
    readonly accountPolicy?: string;
    readonly answer: { readonly elapsedMs: number };
  };
  /** Signs requests. They have to be sent within two minutes. */
  readonly prepare: {
    readonly target: string;
    readonly workload: Workload;
    readonly count: number;
    readonly answer: null;
  };
  /** Sends what was prepared. */
  readonly send: { readonly target: string; readonly connections: number; readonly answer: LoadResult };
  readonly primitives: { readonly repetitions: number; readonly answer: PrimitivesCost };
}
export type LoadCommandName = keyof LoadCommands;
export type LoadCommandOf<Name extends LoadCommandName> = { readonly name: Name } & Omit<
  LoadCommands[Name],
  'answer'
>;
export type LoadCommand = { [Name in LoadCommandName]: LoadCommandOf<Name> }[LoadCommandName];
export type LoadAnswer =
  | { readonly ok: LoadCommands[LoadCommandName]['answer'] }
  | { readonly failure: string };

interface TargetState extends LoadTarget {
  readonly signer: RequestSigner;
  readonly addresses: string[];
  prepared: Uint8Array[];
}

const { targets } = await receiveOptions<LoadProcessOptions>();
const states = new Map<string, TargetState>(
  Object.entries(targets).map(([name, target]) => [
    name,
    { ...target, signer: createRequestSigner(target.client), addresses: [], prepared: [] },
  ]),
);
const measurePrimitives = createPrimitives();

process.on('message', (command: LoadCommand) => {
  execute(command).then(
    (ok) => process.send?.({ ok } satisfies LoadAnswer),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies LoadAnswer),
  );
});
announce(0);

async function execute(command: LoadCommand): Promise<LoadCommands[LoadCommandName]['answer']> {
  if (command.name === 'primitives') return measurePrimitives(command.repetitions);
  const state = states.get(command.target);
  if (state === undefined) throw new Error('no such target');
  switch (command.name) {
    case 'fill':
      return await fill(state, command);
    case 'prepare':
      state.prepared = Array.from({ length: command.count }, () => signRequest(state, command.workload));
      return null;
    case 'send': {
      const requests = state.prepared;
      state.prepared = [];
      return await sendAll(state.proxyPort, requests, command.connections);
    }
  }
}

async function fill(
  state: TargetState,
  { count, accountPolicy }: LoadCommandOf<'fill'>,
): Promise<{ elapsedMs: number }> {
  const { client, enclavePort, storeDirectory } = state;
  const startedMs = performance.now();
  const addresses = await fillStore({ client, enclavePort, storeDirectory, count, accountPolicy });
  for (const address of addresses) state.addresses.push(address);
  return { elapsedMs: performance.now() - startedMs };
}

/** A request for any of the accounts. */
function signRequest({ signer, addresses }: TargetState, workload: Workload): Uint8Array {
  const { action, body } = requestOf(workload);
  return signer.httpRequest(`/v2/evm/accounts/${addresses[randomInt(addresses.length)]}/${action}`, body);
}
