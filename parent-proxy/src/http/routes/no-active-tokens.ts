import type { Answer } from '../request.ts';

/**
 * The SDK asks here for a paymaster token of Coinbase's, and does not look at the status: from JSON it would read an undefined URL,
 * from plain text it learns that there is none.
 */
export async function noActiveTokens(): Promise<Answer> {
  return { status: 404, body: 'Not found.', contentType: 'text/plain' };
}
