import { leaf, of, zonal } from './certificate-case.ts';
import { CA_USAGE, caConstraints, keyUsage, selfSignedRoot } from './chain.ts';
import { generalizedTime, rawInteger, utcTime } from './der-writer.ts';
import type { VectorCases } from './vector-case.ts';

/** Dates, and what only a root of its own can show. */
export const DATE_CASES: VectorCases = {
  'leaf-expired': leaf({ notAfter: utcTime('260901115959Z') }, 'X509_EXPIRED', 'since a second'),
  'leaf-last-second': leaf({ notAfter: utcTime('260901120000Z') }, null, 'in its last second'),
  'leaf-not-yet-valid': leaf({ notBefore: utcTime('260901120001Z') }, 'X509_NOT_YET_VALID', 'in a second'),
  'instance-expired': of(
    'instance',
    { notAfter: utcTime('260901115959Z') },
    'X509_EXPIRED',
    'since a second',
  ),
  'region-expired': of('region', { notAfter: utcTime('260901115959Z') }, 'X509_EXPIRED', 'since a second'),
  'region-not-yet-valid': of(
    'region',
    { notBefore: utcTime('260901120001Z') },
    'X509_NOT_YET_VALID',
    'in a second',
  ),
  'date-february-30': zonal({ notAfter: utcTime('270230000000Z') }, 'X509_DATE', 'February 30'),
  'date-hour-24': zonal({ notAfter: utcTime('270228240000Z') }, 'X509_DATE', 'hour 24'),
  'date-second-60': zonal({ notAfter: utcTime('270228235960Z') }, 'X509_DATE', 'second 60'),
  'date-month-0': zonal({ notAfter: utcTime('270010000000Z') }, 'X509_DATE', 'month 0'),
  'date-no-seconds': zonal({ notAfter: utcTime('2702280000Z') }, 'X509_DATE', 'without seconds'),
  'date-offset': zonal({ notAfter: utcTime('270228000000+0000') }, 'X509_DATE', 'with an offset'),
  'date-fraction': zonal({ notAfter: generalizedTime('20510228000000.5Z') }, 'X509_DATE', 'with a fraction'),
  'date-generalized-2049': zonal(
    { notAfter: generalizedTime('20491231235959Z') },
    'X509_DATE',
    'GeneralizedTime before 2050',
  ),
  'date-generalized-2051': zonal(
    { notAfter: generalizedTime('20510101000000Z') },
    null,
    'GeneralizedTime from 2050',
  ),
  'date-integer': zonal({ notAfter: rawInteger(1) }, 'X509_DATE', 'an integer'),
  'root-expired': {
    reason: 'root expired since a second',
    code: 'X509_EXPIRED',
    root: () => selfSignedRoot({ notAfter: utcTime('260901115959Z') }),
  },
  'root-not-yet-valid': {
    reason: 'root valid in a second',
    code: 'X509_NOT_YET_VALID',
    root: () => selfSignedRoot({ notBefore: utcTime('260901120001Z') }),
  },
  'root-generalized-2050': {
    reason: 'root until 2050-09-10 like that of GovCloud',
    code: null,
    root: () => selfSignedRoot({ notAfter: generalizedTime('20500910000000Z') }),
  },
  'root-path-length': {
    reason: 'root with pathLen 2 above three CAs',
    code: 'CA_PATH_LENGTH',
    root: () => selfSignedRoot({ extensions: [caConstraints(2), CA_USAGE] }),
  },
  'root-no-cert-sign': {
    reason: 'root without keyCertSign',
    code: 'CA_KEY_USAGE',
    root: () => selfSignedRoot({ extensions: [caConstraints(null), keyUsage(0x82, 1)] }),
  },
};
