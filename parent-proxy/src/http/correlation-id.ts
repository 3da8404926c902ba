import { randomBytes } from 'node:crypto';

const processTag = randomBytes(6).toString('hex');
let requestCount = 0;

/** A new name for a request, unique among all proxies, in its error answer and in the log. */
export function nextCorrelationId(): string {
  requestCount += 1;
  return `${processTag}-${requestCount.toString(36)}`;
}
