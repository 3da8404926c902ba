import { EifError } from '../../eif/eif-error.ts';

/** Awaits a call and says with which code it was refused, or `accepted`. Any other error is a failure of the test. */
export async function codeOf(call: () => Promise<unknown> | unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof EifError) return error.code;
    throw error;
  }
  return 'accepted';
}
