import * as v from 'valibot';

const pcr = v.pipe(v.string(), v.regex(/^[0-9a-f]{96}$/), v.regex(/[1-9a-f]/, 'is zero: a debug enclave'));

/** What pcrs.json holds: SHA-384 in hex, each 96 digits. */
export const pcrsSchema = v.strictObject({ pcr0: pcr, pcr1: pcr, pcr2: pcr });
