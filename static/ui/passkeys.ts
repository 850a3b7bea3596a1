/* form[data-passkey="address of the options"]: the browser is asked for a passkey, and its answer is sent with the form.
   Without passkeys the form stays hidden, and what says why is shown. */
type Json = Record<string, any>;

const bytes = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

function text(buffer: ArrayBuffer | null): string | null {
  if (!buffer) return null;
  const signs = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(signs).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const known = (list: Json[] | undefined) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function ask(options: Json): Promise<PublicKeyCredential> {
  const { publicKey } = options;
  publicKey.challenge = bytes(publicKey.challenge);
  if (publicKey.user) {
    publicKey.user.id = bytes(publicKey.user.id);
    publicKey.excludeCredentials = known(publicKey.excludeCredentials);
    return (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  }
  publicKey.allowCredentials = known(publicKey.allowCredentials);
  return (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
}

function answer(found: PublicKeyCredential): Json {
  const response: Json = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const part = (found.response as Json)[name];
    if (part !== undefined) response[name] = text(part);
  }
  return {
    id: found.id, rawId: text(found.rawId), type: found.type, response,
    authenticatorAttachment: found.authenticatorAttachment, clientExtensionResults: found.getClientExtensionResults(),
  };
}

async function options(form: HTMLFormElement): Promise<Json> {
  const token = form.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")!.value;
  const got = await fetch(form.dataset.passkey!, { method: "POST", headers: { "X-CSRFToken": token } });
  const found = await got.json().catch(() => ({ error: "The server gave no answer. Try again." }));
  if (found.error) throw new Error(found.error);
  return found;
}

function explain(error: Error): string {
  if (error.name === "NotAllowedError") return "No passkey was used. Try again when you are ready.";
  if (error.name === "InvalidStateError") return "This device has a passkey for this account already.";
  return error.message || "This did not work. Try again.";
}

async function run(form: HTMLFormElement): Promise<void> {
  const button = form.querySelector("button")!;
  const field = form.querySelector<HTMLInputElement>("input[name$=credential]")!;
  const problem = form.querySelector<HTMLElement>(".error")!;
  button.disabled = true;
  problem.textContent = "";
  try {
    field.value = JSON.stringify(answer(await ask(await options(form))));
    form.submit();
  } catch (error) {
    problem.textContent = explain(error as Error);
    button.disabled = false;
  }
}

const named = !/^[\d.]+$|^\[/.test(location.hostname);
if ("PublicKeyCredential" in window && isSecureContext && named) {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void run(form);
    });
  }
  for (const note of document.querySelectorAll<HTMLElement>("[data-no-passkeys]")) note.hidden = true;
}
