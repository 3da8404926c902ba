// TRUST BOUNDARY: X-Forwarded-For, from a load balancer that the operator named, or from anybody.
import type { IncomingMessage } from 'node:http';
import { isAllowedIp } from './allowed-ips.ts';

/** The address that a request comes from, as far as it can be known. */
export type ClientAddressOf = (
  incoming: Pick<IncomingMessage, 'headers'> & {
    readonly socket: { readonly remoteAddress?: string | undefined };
  },
) => string | undefined;

/**
 * The peer of the connection is the client, unless it is one of the operator's own load balancers: then the last address in
 * X-Forwarded-For that is none of them. What stands before it was written by the client and has no say.
 * @param trustedProxies addresses and CIDR blocks; none: no header is ever believed
 */
export function createClientAddressOf(trustedProxies: readonly string[]): ClientAddressOf {
  const isProxy = (address: string | undefined) =>
    trustedProxies.length > 0 && isAllowedIp(trustedProxies, address);
  return ({ headers, socket }) => {
    const peer = socket.remoteAddress;
    const forwarded = headers['x-forwarded-for'];
    if (typeof forwarded !== 'string' || !isProxy(peer)) return peer;
    const hops = forwarded.split(',').map((hop) => hop.trim());
    return hops.findLast((hop) => !isProxy(hop)) ?? peer;
  };
}
