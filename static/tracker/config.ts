/** What the snippet says: the site's key, and where its script and its endpoint are. */
const script =
  (document.currentScript as HTMLScriptElement | null) || document.querySelector<HTMLScriptElement>("script[data-site]");
const data: DOMStringMap = script ? script.dataset : {};

export const site = data.site;

/** An address relative to the script, so that a first-party proxy may serve both under any path. */
const beside = (path: string): string => new URL(path, script!.src).href;

export const endpoint = (): string => data.api || beside("../api/v1/events");

interface SiteConfig {
  honour_dnt?: boolean;
  honour_gpc?: boolean;
}

/**
 * Calls `start`, or `refuse` when the visitor's signal is to be honoured. Only a browser that sends a signal asks the
 * server what the site decided, so that everyone else is counted without a further request. In doubt: refuse.
 */
export function askSignals(start: () => void, refuse: () => void): void {
  const dnt = navigator.doNotTrack == "1";
  const gpc = (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
  if (!dnt && !gpc) return start();
  fetch(beside(`config/${encodeURIComponent(site!)}.json`), { credentials: "omit" })
    .then((response) => response.json())
    .then((config: SiteConfig) => {
      const free = (!dnt || config.honour_dnt === false) && (!gpc || config.honour_gpc === false);
      (free ? start : refuse)();
    })
    .catch(refuse);
}
