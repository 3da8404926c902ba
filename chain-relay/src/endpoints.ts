import type * as v from 'valibot';
import { createJsonRpc, type JsonRpc } from './json-rpc.ts';
import { RelayError } from './relay-error.ts';

const TIMEOUT_MS = 8000;

/** The endpoints of one network, asked in the operator's order. */
export interface Endpoints {
  call: JsonRpc['call'];
  /**
   * Runs `ask` on one endpoint after the other until one answers or refuses.
   * @throws RelayError NODE_UNREACHABLE, NODE_ANSWER_REFUSED, WRONG_CHAIN when none did
   */
  each<T>(ask: (rpc: JsonRpc) => Promise<T>): Promise<T>;
}

/**
 * @param assertRight asked of each endpoint before its first use, and again until it holds: an endpoint of another chain is skipped
 */
export function createEndpoints(
  urls: readonly string[],
  assertRight: (rpc: JsonRpc) => Promise<void>,
): Endpoints {
  const endpoints = urls.map((url) => ({ rpc: createJsonRpc(url, TIMEOUT_MS), isRight: false }));

  async function each<T>(ask: (rpc: JsonRpc) => Promise<T>): Promise<T> {
    let failure = new RelayError('NETWORK_NOT_CONFIGURED');
    for (const endpoint of endpoints) {
      try {
        if (!endpoint.isRight) await assertRight(endpoint.rpc);
        endpoint.isRight = true;
        return await ask(endpoint.rpc);
      } catch (error) {
        if (!(error instanceof RelayError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  return {
    each,
    call: <S extends v.GenericSchema>(method: string, params: readonly unknown[], result: S) =>
      each((rpc) => rpc.call(method, params, result)),
  };
}
