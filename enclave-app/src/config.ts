// TRUST BOUNDARY: none of the parent's bytes come here; the file is part of the measured image.
import { hash } from 'node:crypto';
import * as v from 'valibot';

const KEY_ARN = /^arn:(aws|aws-us-gov|aws-cn):kms:([a-z0-9-]{1,32}):(\d{12}):key\/([0-9a-f-]{36})$/;
const PRINCIPAL_ARN = /^arn:(aws|aws-us-gov|aws-cn):iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,256}$/;

const keyArn = v.pipe(
  v.string(),
  v.regex(KEY_ARN, 'kms.keys[] must be full key ARNs, not aliases or multi-Region keys'),
);
const principalArn = v.pipe(v.string(), v.regex(PRINCIPAL_ARN, 'must be the ARN of one IAM role or user'));

const port = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(0xffff_fffe));

const configurationSchema = v.strictObject({
  version: v.literal(1),
  /** Raised by every release that must not be followed by an older one. */
  securityEpoch: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  kms: v.strictObject({
    /** Each wraps the root key, so that any one of them can open it; `relayPort` is where the parent's vsock-proxy for its Region listens. */
    keys: v.pipe(v.array(v.strictObject({ arn: keyArn, relayPort: port })), v.minLength(1), v.maxLength(4)),
    /** The parent instance's role: may use the keys with an attestation of this image. */
    instanceRole: principalArn,
    /** Who may change the key policies; a principal of another account. */
    administrator: principalArn,
  }),
  vsock: v.strictObject({
    /** Where the enclave takes the parent's connections. */
    listenPort: port,
    /** 3 on Nitro; where KMS relays and heartbeat listen. */
    parentCid: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(0xffff_fffe)),
  }),
  limits: v.strictObject({
    /** Wallet tokens remembered at a time, over all projects. */
    replayTableEntries: v.pipe(v.number(), v.safeInteger(), v.minValue(1024), v.maxValue(4_000_000)),
    /** The share of one project in them. */
    replayTableEntriesPerProject: v.pipe(v.number(), v.safeInteger(), v.minValue(256)),
    /** Records whose newest version is remembered. */
    recordMarks: v.pipe(v.number(), v.safeInteger(), v.minValue(1024), v.maxValue(4_000_000)),
    /** The shortest time that a project may let pass between the start of a recovery and its completion; a day. */
    minRecoveryWaitMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1)), 24 * 60 * 60_000),
  }),
});

/** What decides security in a deployment; a file inside the image, so part of PCR0 and PCR2. */
export type MeasuredConfiguration = v.InferOutput<typeof configurationSchema> & {
  /** SHA-256 of the file's bytes, 32 bytes. */
  readonly digest: Uint8Array;
};

/** A configuration that cannot be used; `issues` are for the operator and hold nothing secret. */
export class ConfigurationError extends Error {
  readonly code = 'CONFIGURATION_INVALID';
  readonly issues: readonly string[];
  constructor(issues: readonly string[]) {
    super(`The measured configuration is invalid: ${issues.join('; ')}`);
    this.name = 'ConfigurationError';
    this.issues = issues;
  }
}

/**
 * Parses the measured configuration (JSON, UTF-8).
 * @throws ConfigurationError
 */
export function parseConfiguration(bytes: Uint8Array): MeasuredConfiguration {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ConfigurationError(['not JSON']);
  }
  const parsed = v.safeParse(configurationSchema, json);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'file'}: ${issue.message}`),
    );
  }
  const arns = parsed.output.kms.keys.map((key) => key.arn);
  if (new Set(arns).size !== arns.length) {
    throw new ConfigurationError(['kms.keys: a key is named twice']);
  }
  return { ...parsed.output, digest: hash('sha256', bytes, 'buffer') };
}

/** The parts of a KMS key ARN that place a call. */
export interface KmsKeyLocation {
  readonly arn: string;
  readonly region: string;
  readonly accountId: string;
  /** `kms.<region>.amazonaws.com`, or the partition's equivalent: there is no setting for it. */
  readonly host: string;
}

/** Reads region, account and endpoint out of a key ARN that the configuration accepted. */
export function locateKey(arn: string): KmsKeyLocation {
  const [, partition, region, accountId] = KEY_ARN.exec(arn) ?? [];
  if (region === undefined || accountId === undefined)
    throw new ConfigurationError(['kms.keys: not a key ARN']);
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return { arn, region, accountId, host: `kms.${region}.${suffix}` };
}
