// TRUST BOUNDARY: a key policy as KMS returned it.
import { createHash } from 'node:crypto';

/** The image that a key policy admits: PCR0, PCR1 and PCR2, 48 bytes each as lowercase hex. */
export interface ImagePcrs {
  readonly pcr0: string;
  readonly pcr1: string;
  readonly pcr2: string;
}

export interface KeyPolicyParameters {
  readonly instanceRole: string;
  readonly administrator: string;
  /** Images that may decrypt; two of them during an upgrade. */
  readonly images: readonly ImagePcrs[];
  /** `genesis` also lets an admitted image make the data key that wraps the root key; `operational` drops it. */
  readonly state: 'genesis' | 'operational';
  /** Generations of the root key that nobody may open any more; none by default. */
  readonly retiredGenerations?: readonly number[];
}

export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: { readonly AWS: string } | '*';
  readonly Action: readonly string[];
  readonly Resource: '*';
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface KeyPolicy {
  readonly Version: '2012-10-17';
  readonly Id: 'strongroom-key-policy-1';
  readonly Statement: readonly PolicyStatement[];
}

const ATTESTED_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];
/** Ways to make a ciphertext that no enclave made, or to hand the key on. Denied to everybody, the administrator too. */
const FORBIDDEN_ACTIONS = [
  'kms:CreateGrant',
  'kms:Encrypt',
  'kms:GenerateDataKeyPair*',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ImportKeyMaterial',
  'kms:ReEncrypt*',
  'kms:ReplicateKey',
  'kms:UpdatePrimaryRegion',
];
const ADMINISTRATOR_ACTIONS = [
  'kms:CancelKeyDeletion',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:GetKeyPolicy',
  'kms:ListGrants',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
];
const CHECK_ACTIONS = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants'];

/**
 * The one key policy that an enclave accepts: the measured template filled with role, administrator and images.
 * Condition keys: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-nitro-enclave.html
 */
export function renderKeyPolicy({
  instanceRole,
  administrator,
  images,
  state,
  retiredGenerations = [],
}: KeyPolicyParameters): KeyPolicy {
  const attested = state === 'genesis' ? ATTESTED_ACTIONS : ['kms:Decrypt'];
  return {
    Version: '2012-10-17',
    Id: 'strongroom-key-policy-1',
    Statement: [
      allow('AdministratorManagesThePolicy', administrator, ADMINISTRATOR_ACTIONS),
      allow('EnclaveChecksTheKey', instanceRole, CHECK_ACTIONS),
      ...images.map((image, index) => ({
        ...allow(`AttestedImage${index + 1}`, instanceRole, attested),
        Condition: { StringEqualsIgnoreCase: attestationConditions(image) },
      })),
      {
        Sid: 'NobodyMakesOrSharesCiphertexts',
        Effect: 'Deny',
        Principal: '*',
        Action: FORBIDDEN_ACTIONS,
        Resource: '*',
      },
      ...(['pcr0', 'pcr1', 'pcr2'] as const).map((pcr) => denyUnlessAttested(pcr, images)),
      ...(retiredGenerations.length === 0 ? [] : [denyGenerations(retiredGenerations)]),
    ],
  };
}

function allow(sid: string, principal: string, actions: readonly string[]): PolicyStatement {
  return { Sid: sid, Effect: 'Allow', Principal: { AWS: principal }, Action: actions, Resource: '*' };
}

function attestationConditions({ pcr0, pcr1, pcr2 }: ImagePcrs): Record<string, string> {
  return {
    'kms:RecipientAttestation:PCR0': pcr0,
    'kms:RecipientAttestation:PCR1': pcr1,
    'kms:RecipientAttestation:PCR2': pcr2,
  };
}

/** A request without an attestation has no such key, and a negated operator matches a missing key. */
function denyUnlessAttested(pcr: keyof ImagePcrs, images: readonly ImagePcrs[]): PolicyStatement {
  const name = pcr.toUpperCase();
  return {
    Sid: `NoUseWithout${name}`,
    Effect: 'Deny',
    Principal: '*',
    Action: ATTESTED_ACTIONS,
    Resource: '*',
    Condition: {
      StringNotEqualsIgnoreCase: { [`kms:RecipientAttestation:${name}`]: images.map((image) => image[pcr]) },
    },
  };
}

const GENERATION_KEY = 'kms:EncryptionContext:strongroom:generation';
const RETIRED_SID = 'NobodyOpensRetiredGenerations';

/** The encryption context says which root key a data key wraps; a root key that it names is gone for good while this stands. */
function denyGenerations(generations: readonly number[]): PolicyStatement {
  return {
    Sid: RETIRED_SID,
    Effect: 'Deny',
    Principal: '*',
    Action: ATTESTED_ACTIONS,
    Resource: '*',
    Condition: { StringEquals: { [GENERATION_KEY]: generations.map(String) } },
  };
}

/** A key policy that equals the template, and what it was filled with. */
export interface ReconstructedKeyPolicy {
  readonly images: readonly ImagePcrs[];
  readonly state: 'genesis' | 'operational';
  /** SHA-256 of the policy's canonical JSON, 32 bytes. */
  readonly digest: Uint8Array;
}

/**
 * Takes the images out of a returned key policy, fills the template with them and requires equality.
 * Nothing of the policy is interpreted: a statement that the template does not have is a difference.
 * @returns null when the policy is not the template, or does not admit `own`
 */
export function reconstructKeyPolicy(
  untrustedPolicy: string,
  { instanceRole, administrator, own }: { instanceRole: string; administrator: string; own: ImagePcrs },
): ReconstructedKeyPolicy | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(untrustedPolicy);
  } catch {
    return null;
  }
  const images = readImages(parsed);
  const retiredGenerations = readRetiredGenerations(parsed);
  const actual = canonicalJson(parsed);
  for (const state of ['operational', 'genesis'] as const) {
    const expected = renderKeyPolicy({ instanceRole, administrator, images, state, retiredGenerations });
    if (canonicalJson(expected) !== actual) continue;
    const isAdmitted = images.some((image) => canonicalJson(image) === canonicalJson(own));
    return isAdmitted ? { images, state, digest: createHash('sha256').update(actual).digest() } : null;
  }
  return null;
}

interface ReadStatement {
  readonly Sid?: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

function readStatements(policy: unknown): readonly ReadStatement[] {
  const statements = (policy as { Statement?: unknown } | null)?.Statement;
  return Array.isArray(statements)
    ? statements.map((statement: unknown) => (statement ?? {}) as ReadStatement)
    : [];
}

function readRetiredGenerations(policy: unknown): number[] {
  const statement = readStatements(policy).find(({ Sid }) => Sid === RETIRED_SID);
  const listed = statement?.Condition?.['StringEquals']?.[GENERATION_KEY];
  const values: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  return values.filter((value) => typeof value === 'string' && /^[1-9][0-9]{0,9}$/.test(value)).map(Number);
}

function readImages(policy: unknown): ImagePcrs[] {
  return readStatements(policy).flatMap(({ Sid, Condition }) => {
    if (typeof Sid !== 'string' || !/^AttestedImage\d+$/.test(Sid)) return [];
    const conditions = Condition?.['StringEqualsIgnoreCase'] ?? {};
    const [pcr0, pcr1, pcr2] = [0, 1, 2].map((n) => conditions[`kms:RecipientAttestation:PCR${n}`]);
    return isPcrHex(pcr0) && isPcrHex(pcr1) && isPcrHex(pcr2) ? [{ pcr0, pcr1, pcr2 }] : [];
  });
}

function isPcrHex(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{96}$/.test(value) && !/^0+$/.test(value);
}

const MAX_POLICY_DEPTH = 8;

/** JSON with sorted keys and no white space; a list of one string and the string itself are the same to IAM. */
function canonicalJson(value: unknown, depth = 0): string {
  if (depth > MAX_POLICY_DEPTH) return 'too deep';
  const inner = (item: unknown) => canonicalJson(item, depth + 1);
  if (Array.isArray(value)) {
    return value.length === 1 && typeof value[0] === 'string'
      ? inner(value[0])
      : `[${value.map(inner).join(',')}]`;
  }
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${inner(item)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
