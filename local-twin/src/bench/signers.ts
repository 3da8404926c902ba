import { randomBytes } from 'node:crypto';
import type { LoadTarget } from './load-process.ts';
import { createRequestSigner } from './signed-request.ts';

export interface Signers {
  stop(): Promise<{ readonly signed: number; readonly failures: readonly string[] }>;
}

const SIGNERS = 4;
/** Leaves the rest of two cores to what is measured. */
const PAUSE_MS = 10;

/** Signs digests with one account after the other until stopped. */
export function startSigners({ client, proxyPort }: LoadTarget, addresses: readonly string[]): Signers {
  const signer = createRequestSigner(client);
  const failures: string[] = [];
  let signed = 0;
  let isStopped = false;

  async function work(first: number): Promise<void> {
    for (let index = first; !isStopped; index += SIGNERS) {
      const path = `/v2/evm/accounts/${addresses[index % addresses.length]}/sign`;
      const body = Buffer.from(`{"hash":"0x${randomBytes(32).toString('hex')}"}`);
      const { bearerToken, walletToken } = signer.tokens(path, body);
      const headers = {
        'content-type': 'application/json',
        authorization: `Bearer ${bearerToken}`,
        'x-wallet-auth': walletToken,
      };
      const failure = await fetch(`http://127.0.0.1:${proxyPort}${path}`, {
        method: 'POST',
        headers,
        body,
      }).then(
        async (response) => {
          const text = await response.text();
          return response.ok ? null : `${response.status} ${text}`;
        },
        (error: unknown) => String(error),
      );
      if (failure === null) signed += 1;
      else failures.push(failure);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  const working = Promise.all(Array.from({ length: SIGNERS }, (_, first) => work(first)));
  return {
    async stop() {
      isStopped = true;
      await working;
      return { signed, failures };
    },
  };
}
