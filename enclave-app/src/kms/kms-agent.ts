import { Agent, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Dialer } from '@strongroom/shared/transport/connection';

/** AWS's vsock-proxy serves four connections by default; two leave room for another enclave's start. */
const MAX_CONNECTIONS = 2;

/**
 * An HTTPS agent whose bytes go through a relay of the parent, while TLS ends here: the parent cannot read, answer or redirect.
 * Only TLS 1.2 and 1.3 with the given roots; the server name is the endpoint that follows from the key's ARN.
 */
export class RelayedTlsAgent extends Agent {
  readonly #relay: Dialer;
  readonly #trustRootsPem: string;

  constructor(relay: Dialer, trustRootsPem: string) {
    super({ keepAlive: true, maxSockets: MAX_CONNECTIONS } satisfies AgentOptions);
    this.#relay = relay;
    this.#trustRootsPem = trustRootsPem;
  }

  override createConnection(
    options: ConnectionOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    this.#relay.dial().then(
      (socket) => {
        const tls = connect({
          socket,
          servername: options.servername ?? options.host,
          ca: this.#trustRootsPem,
          minVersion: 'TLSv1.2',
          ALPNProtocols: ['http/1.1'],
        });
        tls.once('error', () => socket.destroy());
        done(null, tls);
      },
      (error: Error) => done(error),
    );
    return undefined;
  }
}
