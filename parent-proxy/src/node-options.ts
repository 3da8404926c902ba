/**
 * Options that Node runs the proxy with, here and in its unit. What a request leaves behind is short-lived: in a young generation of 16 MiB,
 * the size to which V8 lets it grow by itself but seldom does, most of it is dead before it is looked at. Costs 30 MiB of memory.
 */
export const PROXY_NODE_OPTIONS: readonly string[] = ['--min-semi-space-size=16'];
