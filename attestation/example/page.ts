import { AttestationError } from '../src/attestation-error.ts';
import { encodeHex } from '../src/bytes.ts';
import type { Manifest } from '../src/manifest.ts';
import type { ImageMeasurement } from '../src/pcr-policy.ts';
import { verifyStrongroomService } from '../src/strongroom-service.ts';
import { verifyStrongroomServiceWithCustomRoot } from '../src/strongroom-service-with-custom-root.ts';
import type { AuthenticAttestation } from '../src/verified-attestation.ts';
import { verifyAttestation } from '../src/verify-attestation.ts';
import { verifyAttestationWithCustomRoot } from '../src/verify-attestation-with-custom-root.ts';
import {
  verifyDebugAttestation,
  verifyDebugAttestationWithCustomRoot,
} from '../src/verify-debug-attestation.ts';
import { byId } from './elements.ts';
import { type LoadedEvidence, readAnswer, readBytes, readText } from './input-formats.ts';
import { FormError, type Question, readQuestion } from './question.ts';
import { acceptedView, problemView, refusedView } from './result-view.ts';

type Verified = AuthenticAttestation & { readonly debug: boolean };

const NONCE_BYTES = 32;
const MAX_ANSWER_CHARACTERS = 1 << 20;
const TIMEOUT_MS = 15_000;

let evidence: LoadedEvidence | null = null;
/** The nonce that the evidence was asked with on this page; null when it came from elsewhere. */
let freshNonce: Uint8Array | null = null;

const show = (nodes: readonly Node[]): void => byId('result', HTMLElement).replaceChildren(...nodes);
const say = (text: string): void => byId('loaded', HTMLElement).replaceChildren(text);

function load(loaded: LoadedEvidence | null, origin: string, nonce: Uint8Array | null = null): void {
  evidence = loaded;
  freshNonce = nonce;
  byId('nonce', HTMLInputElement).disabled = nonce !== null;
  byId('no-nonce', HTMLInputElement).disabled = nonce !== null;
  show([]);
  if (loaded === null) {
    say(`${origin}: this is neither a document nor text that holds one.`);
    return;
  }
  const asked = nonce === null ? '' : `, asked with nonce ${encodeHex(nonce).slice(0, 16)}...`;
  say(`${origin}: ${loaded.document.length} bytes${loaded.manifest ? ' and a manifest' : ''}${asked}.`);
}

async function ask(): Promise<void> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const base = byId('service', HTMLInputElement).value.trim().replace(/\/+$/, '');
  say('Asking...');
  try {
    const url = new URL(`${base}/v2/enclave/attestation`);
    url.searchParams.set('nonce', encodeHex(nonce));
    const options = {
      redirect: 'error',
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    } as const;
    const response = await fetch(url, options);
    const text = await response.text();
    const isUsable = response.ok && text.length <= MAX_ANSWER_CHARACTERS;
    load(isUsable ? readAnswer(text) : null, url.host, nonce);
  } catch {
    load(null, 'The service could not be asked', null);
    say('The service did not answer, or does not let pages ask it.');
  }
}

async function verify(
  question: Question,
  loaded: LoadedEvidence,
): Promise<{ attestation: Verified; manifest: Manifest | null }> {
  const { image, context, partition, customRoot } = question;
  if (image === null) {
    const attestation = customRoot
      ? await verifyDebugAttestationWithCustomRoot(loaded.document, context, customRoot)
      : await verifyDebugAttestation(loaded.document, { ...context, partition });
    return { attestation, manifest: null };
  }
  if (loaded.manifest !== null && context.nonce !== 'none-asked')
    return verifyService(
      { ...question, image },
      { attestationDocument: loaded.document, manifest: loaded.manifest },
      context.nonce,
    );
  const policy = { ...context, images: [image] as const };
  const attestation = customRoot
    ? await verifyAttestationWithCustomRoot(loaded.document, policy, customRoot)
    : await verifyAttestation(loaded.document, { ...policy, partition });
  return { attestation, manifest: null };
}

function verifyService(
  { image, context, partition, customRoot }: Question & { readonly image: ImageMeasurement },
  untrusted: { readonly attestationDocument: Uint8Array; readonly manifest: Uint8Array },
  nonce: Uint8Array,
): Promise<{ attestation: Verified; manifest: Manifest }> {
  const { nowMs, maxAgeMs, maxFutureSkewMs } = context;
  const expected = {
    deploymentId: 'unchecked',
    configurationDigests: 'unchecked',
    minSecurityEpoch: 0,
  } as const;
  const policy = { nowMs, maxAgeMs, maxFutureSkewMs, nonce, images: [image] as const, ...expected };
  return customRoot
    ? verifyStrongroomServiceWithCustomRoot(untrusted, policy, customRoot)
    : verifyStrongroomService(untrusted, { ...policy, partition });
}

async function judge(): Promise<void> {
  if (evidence === null) {
    show(problemView('There is no document yet.'));
    return;
  }
  const loaded = evidence;
  let image: ImageMeasurement | null = null;
  try {
    const question = readQuestion(freshNonce);
    image = question.image;
    const { attestation, manifest } = await verify(question, loaded);
    show(acceptedView(attestation, manifest, image));
  } catch (error) {
    if (error instanceof AttestationError) show(refusedView(error, loaded.document, image));
    else if (error instanceof FormError) show(problemView(error.message));
    else show(problemView('This browser could not do it; is its Web Crypto switched off?'));
  }
}

async function loadFile(file: File | undefined): Promise<void> {
  if (file !== undefined) load(readBytes(new Uint8Array(await file.arrayBuffer())), file.name);
}

function wire(): void {
  const drop = byId('drop', HTMLElement);
  const file = byId('file', HTMLInputElement);
  const text = byId('text', HTMLTextAreaElement);
  const root = byId('root', HTMLSelectElement);
  const debug = byId('debug', HTMLInputElement);
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    void loadFile(event.dataTransfer?.files[0]);
  });
  byId('choose', HTMLButtonElement).addEventListener('click', () => file.click());
  file.addEventListener('change', () => void loadFile(file.files?.[0]));
  text.addEventListener('input', () => load(readText(text.value), 'Pasted'));
  byId('ask', HTMLButtonElement).addEventListener('click', () => void ask());
  root.addEventListener('change', () =>
    byId('custom-root', HTMLTextAreaElement).classList.toggle('hidden', root.value !== 'custom'),
  );
  debug.addEventListener('change', () => {
    for (const id of ['pcr0', 'pcr1', 'pcr2']) byId(id, HTMLInputElement).disabled = debug.checked;
  });
  byId('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    void judge();
  });
}

wire();
