/** The site's own search. What was searched for leaves the browser only as a hash under the site's salt. */
import type { Core } from "../main";
import { targetOf } from "./element";

export function search({ listen, track, hook, guarded, config }: Core): void {
  const names = config.search_params || [];
  let latest: string | undefined;

  async function hash(query: string): Promise<string | undefined> {
    const text = (config.search_salt || "") + query.trim().toLowerCase().replace(/\s+/g, " ");
    if (!crypto.subtle) return undefined; // plain http: better none than one that can be undone
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    return [...bytes.slice(0, 8)].map((byte) => (byte + 256).toString(16).slice(1)).join("");
  }

  const look = guarded(() => {
    const params = new URLSearchParams(location.search);
    const query = names.map((name) => params.get(name)).find((value) => value && value.trim());
    if (!query) return;
    const count = document.querySelector("[data-footfall-results]")?.getAttribute("data-footfall-results");
    const filters_used = [...new Set(params.keys())].filter((name) => !names.includes(name) && !/^utm_/.test(name));
    hash(query).then(
      guarded((query_hash) => {
        latest = query_hash;
        track("search", {
          query_hash,
          query_length: query.trim().length,
          results_count: count && /^\d+$/.test(count) ? +count : undefined,
          filters_used,
        });
      }),
    );
  });

  hook((what, type, properties) => {
    if (what == "open") look();
    if (what != "event" || type != "search" || typeof properties.query != "string") return;
    // A call of the page's own: the query is taken out at once, its hash is there before the event leaves.
    const { query } = properties;
    delete properties.query;
    properties.query_length = query.trim().length;
    hash(query).then((query_hash) => (properties.query_hash = latest = query_hash));
  });
  look();

  listen(document, "click", (event) => {
    const result = targetOf(event)?.closest("[data-footfall-result]");
    if (!result) return;
    const place = result.getAttribute("data-footfall-result") || "";
    track("search_result_click", {
      result_position: +place || [...document.querySelectorAll("[data-footfall-result]")].indexOf(result) + 1,
      result_type: result.getAttribute("data-footfall-result-type") || undefined,
      query_hash: latest,
    });
  });
}
