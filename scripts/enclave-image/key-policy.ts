// Prints the KMS key policy of a deployment: the template that the enclave was measured with, filled with its configuration and with
// the images that may decrypt. The administrator puts exactly this; an enclave refuses a key with any other.
// usage: node scripts/enclave-image/key-policy.ts --configuration FILE --pcrs FILE [--pcrs FILE] [--state genesis] [--retired GENERATION]
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { parseConfiguration } from '../../enclave-app/src/config.ts';
import { type KeyPolicy, renderKeyPolicy } from '../../enclave-app/src/kms/key-policy.ts';
import { InputError, readInput, withInputErrors } from './operator-input.ts';

const pcr = v.pipe(v.string(), v.regex(/^[0-9a-f]{96}$/), v.regex(/[1-9a-f]/, 'is zero: a debug enclave'));
const pcrsSchema = v.strictObject({ pcr0: pcr, pcr1: pcr, pcr2: pcr });

export interface KeyPolicyInput {
  /** Bytes of the measured configuration. */
  readonly configuration: Uint8Array;
  /** Contents of one or two `pcrs.json`: the new image, and the one before it during an upgrade. */
  readonly pcrs: readonly string[];
  readonly state: 'genesis' | 'operational';
  /** Generations of the root key that were rotated away; none by default. */
  readonly retiredGenerations?: readonly number[];
}

/**
 * Fills in the key policy.
 * @throws ConfigurationError
 * @throws InputError when a file of measurements is not what `make eif` writes
 */
export function keyPolicy({
  configuration,
  pcrs,
  state,
  retiredGenerations = [],
}: KeyPolicyInput): KeyPolicy {
  const { kms } = parseConfiguration(configuration);
  const images = pcrs.map(parsePcrs);
  const { instanceRole, administrator } = kms;
  return renderKeyPolicy({ instanceRole, administrator, images, state, retiredGenerations });
}

/** @throws InputError */
function parsePcrs(text: string) {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson({}, 'no JSON'), pcrsSchema), text);
  if (parsed.success) return parsed.output;
  const [{ message }] = parsed.issues;
  throw new InputError(`PCRS is not a pcrs.json as "make eif" writes it: ${message}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      configuration: { type: 'string' },
      pcrs: { type: 'string', multiple: true, default: [] },
      state: { type: 'string', default: 'operational' },
      retired: { type: 'string', multiple: true, default: [] },
    },
  });
  const { configuration, pcrs, state, retired } = values;
  if (
    configuration === undefined ||
    pcrs.length < 1 ||
    pcrs.length > 2 ||
    (state !== 'genesis' && state !== 'operational') ||
    !retired.every((generation) => /^[1-9][0-9]{0,9}$/.test(generation))
  ) {
    console.error(
      'usage: make key-policy CONFIG=<configuration> PCRS="<pcrs.json> [<pcrs.json>]" [STATE=genesis] [RETIRED="1 2"]',
    );
    process.exit(2);
  }
  await withInputErrors(() => {
    const policy = keyPolicy({
      configuration: readInput(configuration),
      pcrs: pcrs.map((file) => readInput(file).toString()),
      state,
      retiredGenerations: retired.map(Number),
    });
    console.log(JSON.stringify(policy, null, 2));
  });
}
