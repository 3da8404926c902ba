import type { AttestationError } from '../src/attestation-error.ts';
import { encodeHex } from '../src/bytes.ts';
import type { Manifest } from '../src/manifest.ts';
import type { ImageMeasurement } from '../src/pcr-policy.ts';
import { decodeUnverifiedAttestation, decodeUnverifiedCertificate } from '../src/unverified.ts';
import type { AuthenticAttestation } from '../src/verified-attestation.ts';
import { formatName } from '../src/x509-name.ts';
import { make } from './elements.ts';

type Verified = AuthenticAttestation & { readonly debug: boolean };

const LEVELS = ['Root', 'Region', 'Zone', 'Instance', 'Enclave'];
const time = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('.000Z', 'Z');

/** A certificate as a list shows it. */
interface ChainEntry {
  readonly subject: string;
  readonly validity: string;
  readonly isFault: boolean;
}

/** What a document says, verified or claimed. */
interface Contents {
  readonly moduleId: string;
  readonly timestampMs: number;
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  readonly publicKey: Uint8Array | null;
  readonly userData: Uint8Array | null;
  readonly nonce: Uint8Array | null;
}

/** Shows a document that satisfied the policy. */
export function acceptedView(
  attestation: Verified,
  manifest: Manifest | null,
  image: ImageMeasurement | null,
): Node[] {
  const chain = attestation.chain.map(({ subjectText, notBeforeMs, notAfterMs }) => ({
    subject: subjectText,
    validity: `${time(notBeforeMs)} to ${time(notAfterMs)}`,
    isFault: false,
  }));
  const cards = contentCards(attestation, chain, image, 'verified');
  return [acceptedBanner(attestation), ...(manifest ? [manifestCard(manifest)] : []), ...cards];
}

function acceptedBanner({ debug, trust }: Verified): HTMLElement {
  if (debug)
    return banner(
      'warn',
      'Genuine, but a debug enclave',
      'Its parent can read its memory and console. It must not be given a secret.',
    );
  if (trust === 'custom-root')
    return banner(
      'warn',
      'Accepted under your own root',
      "This is not AWS's word: whoever holds that root's key can make any document pass.",
    );
  const partition = trust === 'aws' ? 'commercial Regions' : 'GovCloud';
  return banner(
    'good',
    'Accepted',
    `AWS (${partition}) vouches for a Nitro Enclave that runs exactly the image you pinned.`,
  );
}

/** Shows why a document was refused, and below it what it claims, marked as that. */
export function refusedView(
  error: AttestationError,
  document: Uint8Array,
  image: ImageMeasurement | null,
): Node[] {
  const refusal = banner('bad', 'Not accepted', error.message, error.code);
  try {
    const claims = decodeUnverifiedAttestation(document);
    const certificates = [...claims.cabundle, claims.certificate];
    const places = [...claims.cabundle.map((_, index) => `cabundle[${index}]`), 'certificate'];
    const chain = certificates.map((der, index) => describeClaim(der, places[index] === error.where));
    return [refusal, ...contentCards(claims, chain, image, 'claims')];
  } catch {
    return [refusal];
  }
}

function describeClaim(der: Uint8Array, isFault: boolean): ChainEntry {
  try {
    const { subject, notBeforeMs, notAfterMs } = decodeUnverifiedCertificate(der);
    return { subject: formatName(subject), validity: `${time(notBeforeMs)} to ${time(notAfterMs)}`, isFault };
  } catch {
    return { subject: 'not a certificate', validity: `${der.length} bytes`, isFault };
  }
}

/** Shows that the form, or a service's answer, could not be used. */
export function problemView(message: string): Node[] {
  return [banner('bad', 'Nothing was verified', message)];
}

function banner(
  kind: 'good' | 'warn' | 'bad',
  title: string,
  text: string,
  code: string | null = null,
): HTMLElement {
  const paragraph = make('p', '', text, ...(code === null ? [] : [' ', make('code', '', code)]));
  const element = make('div', `card verdict ${kind}`, make('h2', '', title), paragraph);
  element.dataset['code'] = code ?? (kind === 'bad' ? 'PROBLEM' : 'ACCEPTED');
  return element;
}

function contentCards(
  contents: Contents,
  chain: readonly ChainEntry[],
  image: ImageMeasurement | null,
  kind: 'verified' | 'claims',
): HTMLElement[] {
  const hex = (bytes: Uint8Array | null): string =>
    bytes === null ? 'none' : bytes.length === 0 ? 'empty' : encodeHex(bytes);
  const facts = definitions([
    ['Enclave', contents.moduleId],
    ['Made at', time(contents.timestampMs)],
    ['Nonce', hex(contents.nonce)],
    ['user_data', hex(contents.userData)],
    ['public_key', hex(contents.publicKey)],
  ]);
  return [
    card('What runs', kind, pcrList(contents.pcrs, image)),
    card('Who vouches for it', kind, chainList(chain)),
    card('What it says', kind, facts),
  ];
}

const card = (title: string, className: string, content: Node): HTMLElement =>
  make('div', `card ${className}`, make('h3', '', title), content);

function definitions(entries: readonly (readonly [string, string])[]): HTMLElement {
  return make('dl', '', ...entries.flatMap(([name, value]) => [make('dt', '', name), make('dd', '', value)]));
}

function pcrList(pcrs: ReadonlyMap<number, Uint8Array>, image: ImageMeasurement | null): HTMLElement {
  const pinned: Readonly<Record<number, Uint8Array>> = image
    ? { 0: image.pcr0, 1: image.pcr1, 2: image.pcr2 }
    : {};
  const rows = [...pcrs].flatMap(([index, value]) => {
    if (index > 2 && value.every((byte) => byte === 0)) return [];
    const pin = pinned[index];
    const isSame = pin !== undefined && encodeHex(pin) === encodeHex(value);
    return [
      make('dt', '', `PCR${index}`),
      make('dd', pin === undefined ? '' : isSame ? 'match' : 'differs', encodeHex(value)),
    ];
  });
  return make('dl', '', ...rows);
}

function chainList(chain: readonly ChainEntry[]): HTMLElement {
  const items = chain.map(({ subject, validity, isFault }, index) => {
    const level =
      chain.length === LEVELS.length
        ? LEVELS[index]
        : index === 0
          ? 'Root'
          : index === chain.length - 1
            ? 'Enclave'
            : 'CA';
    const title = make('b', '', isFault ? `${level}: here it fails` : (level ?? ''));
    return make(
      'li',
      isFault ? 'fault' : '',
      title,
      ' ',
      make('code', '', subject),
      make('small', '', validity),
    );
  });
  return make('ol', '', ...items);
}

function manifestCard(manifest: Manifest): HTMLElement {
  const { deploymentId, identityKey, configurationDigest, securityEpoch, kmsPolicies } = manifest;
  const facts = definitions([
    ['Deployment', deploymentId ? encodeHex(deploymentId) : 'none yet'],
    ['Identity key', identityKey ? encodeHex(identityKey) : 'none yet'],
    ['Configuration', encodeHex(configurationDigest)],
    ['Epoch', String(securityEpoch)],
    ...kmsPolicies.map(
      ({ keyArn, pcrs }) => ['KMS key', `${keyArn} admits ${pcrs.length} image(s)`] as const,
    ),
  ]);
  return card('The Strongroom service', 'verified', facts);
}
