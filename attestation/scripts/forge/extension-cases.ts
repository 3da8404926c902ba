import { Buffer } from 'node:buffer';
import { hex } from './cbor-writer.ts';
import { leaf, leafWith, zonal, zonalWith } from './certificate-case.ts';
import {
  basicConstraints,
  CA_USAGE,
  caConstraints,
  extension,
  keyUsage,
  LEAF_CONSTRAINTS,
  LEAF_USAGE,
} from './chain.ts';
import { bits, boolean, der, rawInteger, sequence } from './der-writer.ts';
import type { VectorCases } from './vector-case.ts';

/** Extensions of CAs and leaves. */
export const EXTENSION_CASES: VectorCases = {
  'ca-no-constraints': zonalWith([CA_USAGE], 'CA_BASIC_CONSTRAINTS', 'no basicConstraints'),
  'ca-constraints-false': zonalWith(
    [basicConstraints(sequence()), CA_USAGE],
    'CA_BASIC_CONSTRAINTS',
    'cA false',
  ),
  'ca-constraints-not-critical': zonalWith(
    [caConstraints(1, false), CA_USAGE],
    'CA_BASIC_CONSTRAINTS',
    'basicConstraints not critical',
  ),
  'ca-no-key-usage': zonalWith([caConstraints(1)], 'CA_KEY_USAGE', 'no keyUsage'),
  'ca-no-cert-sign': zonalWith([caConstraints(1), keyUsage(0x82, 1)], 'CA_KEY_USAGE', 'no keyCertSign'),
  'ca-path-length-exceeded': zonalWith(
    [caConstraints(0), CA_USAGE],
    'CA_PATH_LENGTH',
    'pathLen 0 above another CA',
  ),
  'ca-path-length-wide': zonalWith(
    [basicConstraints(sequence(boolean(0xff), rawInteger(1, 0, 0, 0, 0, 0, 0, 0, 1))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'pathLen 2^64+1',
  ),
  'ca-path-length-negative': zonalWith(
    [basicConstraints(sequence(boolean(0xff), rawInteger(0xff))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'pathLen -1',
  ),
  'ca-path-length-padded': zonalWith(
    [basicConstraints(sequence(boolean(0xff), rawInteger(0, 1))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'pathLen in two bytes',
  ),
  'ca-boolean-01': zonalWith(
    [basicConstraints(sequence(boolean(0x01))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'TRUE as 01',
  ),
  'ca-boolean-false': zonalWith(
    [basicConstraints(sequence(boolean(0x00))), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'FALSE written out',
  ),
  'ca-constraints-trailing': zonalWith(
    [basicConstraints(Buffer.concat([sequence(boolean(0xff)), hex('0500')])), CA_USAGE],
    'X509_BASIC_CONSTRAINTS',
    'trailing element',
  ),
  'extension-duplicate': zonalWith(
    [caConstraints(1), caConstraints(null), CA_USAGE],
    'X509_EXTENSION_DUPLICATE',
    'basicConstraints twice',
  ),
  'extension-critical-unknown': zonalWith(
    [caConstraints(1), CA_USAGE, extension('1.3.6.1.4.1.99999.1', true, hex('0500'))],
    'X509_EXTENSION_CRITICAL',
    'unknown critical extension',
  ),
  'extension-name-constraints': zonalWith(
    [caConstraints(1), CA_USAGE, extension('2.5.29.30', true, sequence())],
    'X509_EXTENSION_CRITICAL',
    'critical nameConstraints',
  ),
  'extension-unknown': zonalWith(
    [caConstraints(1), CA_USAGE, extension('1.3.6.1.4.1.99999.1', false, hex('0500'))],
    null,
    'unknown extension that is not critical',
  ),
  'extensions-empty': zonal({ extensions: [] }, 'X509_EXTENSIONS_MISSING', 'empty list'),
  'leaf-no-extensions': leaf({ extensions: null }, 'X509_EXTENSIONS_MISSING', 'none'),
  'leaf-is-ca': leafWith([caConstraints(null), LEAF_USAGE], 'LEAF_IS_CA', 'cA true'),
  'leaf-path-length': leafWith(
    [basicConstraints(sequence(rawInteger(0))), LEAF_USAGE],
    'LEAF_PATH_LENGTH',
    'pathLen without cA',
  ),
  'leaf-no-key-usage': leafWith([LEAF_CONSTRAINTS], 'LEAF_KEY_USAGE', 'no keyUsage'),
  'leaf-no-digital-signature': leafWith(
    [LEAF_CONSTRAINTS, keyUsage(0x40, 6, false)],
    'LEAF_KEY_USAGE',
    'no digitalSignature',
  ),
  'leaf-cert-sign': leafWith([LEAF_CONSTRAINTS, keyUsage(0x84, 2, false)], 'LEAF_KEY_USAGE', 'keyCertSign'),
  'leaf-key-usage-empty': leafWith(
    [LEAF_CONSTRAINTS, extension('2.5.29.15', false, bits(Buffer.alloc(0)))],
    'X509_KEY_USAGE',
    'no bit',
  ),
  'leaf-key-usage-padded': leafWith(
    [LEAF_CONSTRAINTS, keyUsage(0xc0, 5, false)],
    'X509_KEY_USAGE',
    'trailing zero bit',
  ),
  'leaf-key-usage-octets': leafWith(
    [LEAF_CONSTRAINTS, extension('2.5.29.15', false, der(0x04, Buffer.of(6, 0xc0)))],
    'X509_KEY_USAGE',
    'octet string',
  ),
  'leaf-key-usage-critical': leafWith([LEAF_CONSTRAINTS, keyUsage(0xc0, 6, true)], null, 'critical keyUsage'),
};
