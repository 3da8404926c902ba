import type { FactorPageTask } from '@strongroom/shared/api/factor-page';

interface PublicKeyCredential {
  readonly rawId: ArrayBuffer;
  readonly response: {
    readonly clientDataJSON: ArrayBuffer;
    readonly authenticatorData: ArrayBuffer;
    readonly signature: ArrayBuffer;
    readonly getPublicKey: () => ArrayBuffer;
  };
}

interface PageElement {
  textContent: string;
  value: string;
  hidden: boolean;
  addEventListener(type: 'click', listener: () => void): void;
}

/** What of a browser the page uses. */
interface Page {
  readonly location: { readonly hash: string };
  readonly document: { getElementById(id: string): PageElement };
  readonly navigator: {
    readonly credentials: {
      create(options: object): Promise<PublicKeyCredential>;
      get(options: object): Promise<PublicKeyCredential>;
    };
  };
}

/** Runs in the browser, from its own source text: it uses nothing from outside this function. */
export function runFactorPage(): void {
  const { document, location, navigator } = globalThis as unknown as Page;
  const what = document.getElementById('what');
  const use = document.getElementById('use');
  const state = document.getElementById('state');
  const result = document.getElementById('result');

  const bytesOf = (text: string) =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  const base64Of = (buffer: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  const base64UrlOf = (buffer: ArrayBuffer) =>
    base64Of(buffer).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const descriptorOf = (id: string) => ({ type: 'public-key', id: bytesOf(id) });

  const sign = async (task: FactorPageTask, credentialIds: readonly string[]) => {
    const { rawId, response } = await navigator.credentials.get({
      publicKey: {
        challenge: bytesOf(task.webauthnChallenge),
        rpId: task.rpId,
        allowCredentials: credentialIds.map(descriptorOf),
        userVerification: 'required',
      },
    });
    return {
      challenge: task.challenge,
      credentialId: base64UrlOf(rawId),
      clientDataJson: base64UrlOf(response.clientDataJSON),
      authenticatorData: base64UrlOf(response.authenticatorData),
      signature: base64UrlOf(response.signature),
    };
  };

  const enrol = async (task: FactorPageTask) => {
    const name = `Project ${task.userId.slice(0, 8)}`;
    const { rawId, response } = await navigator.credentials.create({
      publicKey: {
        // Attestation is not asked for; the assertion that follows is what the enclave verifies.
        challenge: bytesOf(task.webauthnChallenge),
        rp: { id: task.rpId, name: 'Strongroom' },
        user: { id: bytesOf(task.userId), name, displayName: name },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        excludeCredentials: task.credentialIds.map(descriptorOf),
        authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
      },
    });
    const publicKey = base64Of(response.getPublicKey());
    return { publicKey, assertion: await sign(task, [base64UrlOf(rawId)]) };
  };

  const act = async (task: FactorPageTask) => {
    const made =
      task.action === 'enrol' ? await enrol(task) : { assertion: await sign(task, task.credentialIds) };
    result.value = btoa(JSON.stringify(made));
    result.hidden = false;
    use.hidden = true;
    state.textContent = 'Done. Copy this to the terminal:';
  };

  if (location.hash.length > 1) {
    const task = JSON.parse(new TextDecoder().decode(bytesOf(location.hash.slice(1)))) as FactorPageTask;
    what.textContent = task.what;
    use.hidden = false;
    use.addEventListener('click', () => {
      state.textContent = 'Waiting for the passkey.';
      act(task).catch((error: unknown) => {
        state.textContent = `Not done: ${error instanceof Error ? error.name : 'unknown error'}.`;
      });
    });
  }
}
