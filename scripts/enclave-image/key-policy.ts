// Prints the KMS key policy of a deployment: the template that the enclave was measured with, filled with its configuration and with
// the images that may decrypt. The administrator puts exactly this; an enclave refuses a key with any other.
// usage: node scripts/enclave-image/key-policy.ts --configuration FILE --pcrs FILE [--pcrs FILE] [--state genesis] [--retired GENERATION]
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { parseConfiguration } from '../../enclave-app/src/config.ts';
import { type KeyPolicy, renderKeyPolicy } from '../../enclave-app/src/kms/key-policy.ts';
import { pcrsSchema } from './pcrs.ts';
import { readConfiguration, readInput, runTool, ToolError } from './tool.ts';

const USAGE =
  'make key-policy CONFIG=<configuration> PCRS="<pcrs.json> [<pcrs.json>]" [STATE=genesis] [RETIRED="1 2"]';

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
 * @throws ToolError when a file of measurements is not what `make eif` writes
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

/** @throws ToolError */
function parsePcrs(text: string) {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson({}, 'no JSON'), pcrsSchema), text);
  if (parsed.success) return parsed.output;
  const [{ message }] = parsed.issues;
  throw new ToolError(2, `PCRS is not a pcrs.json as "make eif" writes it: ${message}`);
}

function printKeyPolicy(): void {
  const { values } = parseArgs({
    options: {
      configuration: { type: 'string' },
      pcrs: { type: 'string', multiple: true, default: [] },
      state: { type: 'string', default: 'operational' },
      retired: { type: 'string', multiple: true, default: [] },
    },
  });
  const { pcrs, state, retired } = values;
  if (
    pcrs.length < 1 ||
    pcrs.length > 2 ||
    (state !== 'genesis' && state !== 'operational') ||
    !retired.every((generation) => /^[1-9][0-9]{0,9}$/.test(generation))
  )
    throw new ToolError(2, `usage: ${USAGE}`);
  const policy = keyPolicy({
    configuration: readConfiguration(values.configuration, USAGE).bytes,
    pcrs: pcrs.map((file) => readInput(file).toString()),
    state,
    retiredGenerations: retired.map(Number),
  });
  console.log(JSON.stringify(policy, null, 2));
}

if (import.meta.main) await runTool(printKeyPolicy);
