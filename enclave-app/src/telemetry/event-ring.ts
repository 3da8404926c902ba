import type { EnclaveEvent } from '@strongroom/shared/operations/enclave-event';
import { MAX_EVENTS_PER_READ } from '@strongroom/shared/operations/read-events';

type WithoutPlace<Event> = Event extends unknown ? Omit<Event, 'sequence' | 'uptimeS'> : never;
/** An event as whoever reports it gives it. */
export type ReportedEvent = WithoutPlace<EnclaveEvent>;

/** The newest events, in bounded memory. */
export interface EventRing {
  readonly newest: number;
  readonly kept: number;
  report(event: ReportedEvent): void;
  /** The oldest kept events after `after`, at most 128, and how many of those after `after` are gone. */
  readAfter(after: number): { readonly events: EnclaveEvent[]; readonly dropped: number };
}

/**
 * Keeps the last `capacity` events. A new event takes the place of the oldest, so that neither a parent that never reads nor one that causes
 * events without end makes it grow; what is lost that way is counted, and is lost to the parent alone.
 */
export function createEventRing(capacity: number, uptimeS: () => number): EventRing {
  const slots: (EnclaveEvent | undefined)[] = new Array(capacity);
  let newest = 0;
  const oldest = () => Math.max(1, newest - capacity + 1);
  return {
    get newest() {
      return newest;
    },
    get kept() {
      return Math.min(newest, capacity);
    },
    report(event) {
      newest += 1;
      slots[newest % capacity] = { ...event, sequence: newest, uptimeS: uptimeS() };
    },
    readAfter(after) {
      const first = Math.max(after + 1, oldest());
      const events: EnclaveEvent[] = [];
      for (let next = first; next <= newest && events.length < MAX_EVENTS_PER_READ; next += 1) {
        events.push(slots[next % capacity] as EnclaveEvent);
      }
      return { events, dropped: newest === 0 ? 0 : Math.max(0, oldest() - after - 1) };
    },
  };
}
