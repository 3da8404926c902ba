/**
 * Options that Node runs the proxy with, here and in its unit. What a request leaves behind is short-lived: in a young generation of 16 MiB
 * most of it is dead before it is looked at. V8 starts with 1 MiB and takes ten thousand requests and more to grow to as much by itself.
 */
export const PROXY_NODE_OPTIONS: readonly string[] = ['--min-semi-space-size=16'];
