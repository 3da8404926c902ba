import * as v from 'valibot';
import { bytesOf, uint } from './fields.ts';
import { defineOperation } from './operation.ts';
import { kmsCall, operationName, outcome } from './telemetry-fields.ts';

/** A bounded table of the enclave. */
const table = v.strictObject({ entries: uint, capacity: uint });

/** Counters since the enclave's start, and gauges as they are. All coarse: what takes how long can be seen better from outside. */
export const getMetrics = defineOperation({
  name: 'get-metrics',
  request: v.strictObject({}),
  response: v.strictObject({
    bootId: bytesOf(16),
    uptimeS: uint,
    requests: v.array(v.strictObject({ operation: operationName, outcome, count: uint })),
    unknownOperations: uint,
    signatures: v.strictObject({ secp256k1: uint, ed25519: uint }),
    kmsCalls: v.array(v.strictObject({ call: kmsCall, outcome, count: uint })),
    /** Seconds since KMS last showed every key's policy as it must be; null before. */
    keyPolicyAgeS: v.nullable(uint),
    rowsResealed: uint,
    connections: v.strictObject({ open: uint, accepted: uint }),
    /** Null before the enclave is ready. */
    tables: v.nullable(v.strictObject({ replayWindow: table, recordMarks: table })),
    memory: v.strictObject({ residentMiB: uint, heapUsedMiB: uint, heapLimitMiB: uint }),
    /** Over the last whole minute, in milliseconds. */
    eventLoopDelay: v.strictObject({ p50Ms: uint, p99Ms: uint, maxMs: uint }),
    events: v.strictObject({ newest: uint, kept: uint }),
  }),
  errors: [],
  mode: 'repeatable',
});
