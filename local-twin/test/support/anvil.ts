import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { EVM_CHAIN_IDS, type EvmNetwork } from '@strongroom/shared/api/networks';
import { createTestClient, http, publicActions, type TestClient, walletActions } from 'viem';
import { foundry } from 'viem/chains';

/** A real EVM node in a process of its own, with the chain id of one of CDP's networks. */
export interface Anvil extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly client: ReturnType<typeof connectAnvil>;
  /** SIGKILL. The chain is gone with it. */
  kill(): Promise<void>;
}

export interface AnvilOptions {
  readonly network?: EvmNetwork;
  readonly port?: number;
  /** Without, blocks come only when a test mines one. */
  readonly isMining?: boolean;
}

const binary = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil');

/** Starts a node that mines each transaction at once unless told otherwise. */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const { network = 'base-sepolia', port = 0, isMining = true } = options;
  const chainId = EVM_CHAIN_IDS[network];
  const flags = ['--host', '127.0.0.1', '--port', `${port}`, '--chain-id', `${chainId}`];
  const node = spawn(binary, isMining ? flags : [...flags, '--no-mining'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const taken = await listeningPort(node.stdout, once(node, 'exit'));
  const url = `http://127.0.0.1:${taken}`;
  async function kill(): Promise<void> {
    if (node.exitCode !== null || node.signalCode !== null) return;
    const ended = once(node, 'exit');
    node.kill('SIGKILL');
    await ended;
  }
  return { url, port: taken, client: connectAnvil(url, chainId), kill, [Symbol.asyncDispose]: kill };
}

async function listeningPort(stdout: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<number> {
  const lines = createInterface({ input: stdout });
  const found = Promise.withResolvers<number>();
  // Reading goes on, or the node would stop at a full pipe.
  lines.on('line', (line) => {
    const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) found.resolve(Number(port));
  });
  void ended.then(() => found.reject(new Error('anvil ended before it listened')));
  return await found.promise;
}

function connectAnvil(url: string, chainId: number) {
  const chain = { ...foundry, id: chainId };
  const client: TestClient<'anvil'> = createTestClient({ mode: 'anvil', chain, transport: http(url) });
  return client.extend(publicActions).extend(walletActions);
}
