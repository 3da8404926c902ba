import { RequestError } from '../request-error.ts';

/** Beyond this many, waiting would take longer than trying again. */
const MAX_WAITING = 64;

/** Runs what has the same key one after the other, and what has different keys at once. */
export interface Turns {
  /** @throws RequestError CONFLICT when too many wait already, and what `act` throws */
  run<T>(key: string, act: () => Promise<T>): Promise<T>;
}

/** @param onRefused told of each time that too many waited */
export function createTurns(onRefused: () => void): Turns {
  const lines = new Map<string, { waiting: number; last: Promise<unknown> }>();
  return {
    async run(key, act) {
      const line = lines.get(key) ?? { waiting: 0, last: Promise.resolve() };
      if (line.waiting >= MAX_WAITING) {
        onRefused();
        throw new RequestError('CONFLICT');
      }
      lines.set(key, line);
      line.waiting += 1;
      const turn = line.last.then(act);
      line.last = turn.catch(() => undefined);
      try {
        return await turn;
      } finally {
        line.waiting -= 1;
        if (line.waiting === 0) lines.delete(key);
      }
    },
  };
}
