import type { Duplex } from 'node:stream';

/** Opens a byte stream to the other side: AF_VSOCK on Nitro, TCP on a developer's machine. */
export interface Dialer {
  /** @throws Error with the system's errno as `code` when the peer does not answer within the dialer's timeout */
  dial(): Promise<Duplex>;
}

/** Takes connections until it is closed. */
export interface Listener {
  close(): Promise<void>;
}

/** Starts to listen; `onConnection` gets each stream. At most `maxConnections` live at once, more are closed at once. */
export type Listen = (onConnection: (stream: Duplex) => void, maxConnections: number) => Promise<Listener>;
