import * as v from 'valibot';
import { enclaveEvent } from './enclave-event.ts';
import { bytesOf, uint } from './fields.ts';
import { defineOperation } from './operation.ts';

export const MAX_EVENTS_PER_READ = 128;

/**
 * Reads the events after the one that the parent has, oldest first. Reading removes nothing: the enclave keeps the newest ones, whoever reads,
 * and says how many it no longer has.
 */
export const readEvents = defineOperation({
  name: 'read-events',
  request: v.strictObject({
    /** Sequence number of the newest event that the reader has; 0 for none. */
    after: uint,
  }),
  response: v.strictObject({
    bootId: bytesOf(16),
    events: v.pipe(v.array(enclaveEvent), v.maxLength(MAX_EVENTS_PER_READ)),
    /** Sequence number of the newest event that there is. */
    newest: uint,
    /** Events after `after` that were dropped before they were read. */
    dropped: uint,
  }),
  errors: [],
  mode: 'repeatable',
});
