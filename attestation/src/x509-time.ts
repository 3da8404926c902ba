// TRUST BOUNDARY: dates of certificates, from whoever hands over the document.
import { AttestationError, assertThat } from './attestation-error.ts';
import { type DerReader, TAG } from './der.ts';

const UTC_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
/** RFC 5280 section 4.1.2.5: dates through 2049 are UTCTime, later ones GeneralizedTime. */
const FIRST_GENERALIZED_YEAR = 2050;

/**
 * Reads UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 restricts them: seconds, `Z`, no fraction.
 * @returns milliseconds since the Unix epoch
 * @throws X509_DATE for another form, for the form that its year does not call for, and for dates that do not exist
 */
export function decodeTime(reader: DerReader): number {
  const isUtcTime = reader.nextTag === TAG.utcTime;
  assertThat(isUtcTime || reader.nextTag === TAG.generalizedTime, 'X509_DATE');
  const text = String.fromCharCode(
    ...reader.content(isUtcTime ? TAG.utcTime : TAG.generalizedTime).slice(0, 32),
  );
  const digits = (isUtcTime ? UTC_TIME : GENERALIZED_TIME).exec(text);
  if (digits === null) throw new AttestationError('X509_DATE');
  const [writtenYear = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = digits.slice(1).map(Number);
  const century = writtenYear < FIRST_GENERALIZED_YEAR - 2000 ? 2000 : 1900;
  const year = isUtcTime ? century + writtenYear : writtenYear;
  assertThat(isUtcTime || year >= FIRST_GENERALIZED_YEAR, 'X509_DATE');
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const pad = (value: number): string => String(value).padStart(2, '0');
  // Date.UTC carries February 30 over into March; a date that exists comes back as it was written.
  const written = `${year}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}.000Z`;
  assertThat(new Date(ms).toISOString() === written, 'X509_DATE');
  return ms;
}
