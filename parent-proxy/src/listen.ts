import { once } from 'node:events';
import type { Server } from 'node:http';

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another process',
  EACCES: "is not this user's to listen on",
  EADDRNOTAVAIL: 'is no address of this machine',
};

/** An address of the settings on which nothing can listen; the message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/**
 * Lets a server listen.
 * @returns the port, which is another one where it was 0
 * @throws ListenError when the address is taken, or not to be had
 */
export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    const { code } = cause as { code?: string };
    const problem = PROBLEMS[code ?? ''] ?? `cannot be listened on (${code})`;
    throw new ListenError(`${host}:${port} ${problem}.`, { cause });
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}
