/* Trusted Types: the browser refuses text as markup or as the address of a script, but for what passes here. */
type Maker = { createHTML?(text: string): string | null; createScriptURL?(address: string): string | null };
type Policy = { createScriptURL(address: string): string };
const factory = (window as unknown as { trustedTypes?: { createPolicy(name: string, maker: Maker): Policy } }).trustedTypes;

/* htmx knows no policies: it hands the answer to the parser as text, which is then asked of the policy "default". So that one
   lets through the answers that htmx is about to put into the page, each once. They come from this server (htmx asks no other,
   and connect-src says the same), whose templates escape. Plotly empties elements by innerHTML = "". All else is refused,
   and no text becomes a script. */
const [BEFORE, AFTER] = ['<body><template class="internal-htmx-wrapper">', "</template></body>"];
const awaited = new Set<string>();
document.addEventListener("htmx:beforeSwap", (event) => {
  awaited.add((event as CustomEvent<{ serverResponse: string }>).detail.serverResponse);
});
factory?.createPolicy("default", {
  createHTML(text) {
    const wrapped = text.startsWith(BEFORE) && text.endsWith(AFTER);
    const answer = wrapped ? text.slice(BEFORE.length, -AFTER.length) : text;
    return text === "" || awaited.delete(answer) ? text : null;
  },
});

const scripts = factory?.createPolicy("footfall", {
  createScriptURL(address) {
    const { origin, pathname } = new URL(address, location.href);
    return origin === location.origin && pathname.startsWith("/static/") ? address : null;
  },
});

/** A script of Footfall's own, to be put into the page. */
export function scriptOf(address: string): HTMLScriptElement {
  const script = document.createElement("script");
  script.src = scripts ? scripts.createScriptURL(address) : address;
  return script;
}
