import type { Duplex } from 'node:stream';
import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';

/** Port of the guest where the laboratory orders its enclaves. */
export const LAB_ORDER_PORT = 4000;

/** What an enclave of the guest is started with. */
export interface LabGuestBoot {
  readonly order: 'boot';
  readonly listenPort: number;
  /** Ports of the host that stand for KMS, by the key's ARN. */
  readonly relayPorts: Readonly<Record<string, number>>;
  /** Text of the measured configuration. */
  readonly configuration: string;
  readonly pcrs: ImagePcrs;
  readonly nsmRootPem: string;
  readonly kmsCaPem: string;
}

/** An order to the guest about the enclave that listens on `listenPort`. */
export type LabGuestOrder =
  | LabGuestBoot
  | { readonly order: 'recheck' | 'close'; readonly listenPort: number }
  | { readonly order: 'jump-module-clock'; readonly listenPort: number; readonly ms: number };

/** The guest's answer to an order, or what one of its enclaves met by itself. */
export type LabGuestReport =
  | { readonly report: 'done'; readonly id: number; readonly error: string | null }
  | { readonly report: 'internal-error'; readonly listenPort: number; readonly text: string };

export type NumberedOrder = LabGuestOrder & { readonly id: number };

/** Reads messages of JSON, one a line. */
export function onMessages<T>(stream: Duplex, receive: (message: T) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) receive(JSON.parse(line) as T);
  });
}

export function sendMessage(stream: Duplex, message: LabGuestReport | NumberedOrder): void {
  stream.write(`${JSON.stringify(message)}\n`);
}
