/** What the snippet says, and what the site's owner has set; the latter comes with the capture modules as one script. */
const script =
  (document.currentScript as HTMLScriptElement | null) || document.querySelector<HTMLScriptElement>("script[data-site]");
export const data: DOMStringMap = script?.dataset || {};

export const site = data.site;

/** An address relative to the script, so that a first-party proxy may serve both under any path. */
const beside = (path: string): string => new URL(path, script!.src).href;

export const endpoint = (): string => data.api || beside("../api/v1/events");

export interface SiteConfig {
  honour_dnt?: boolean;
  honour_gpc?: boolean;
  consent?: "cookieless" | "anonymous" | "required" | "full";
  modules?: string[];
  search_params?: string[];
  search_salt?: string;
  bridges?: string[];
  gap_minutes?: number;
  consent_log?: { site: string; version: number; text: number };
}

/** Until it has come: what the snippet says, and the defaults. */
export let config: SiteConfig = { consent: data.consent as SiteConfig["consent"] };

export function setConfig(found: SiteConfig): void {
  config = found;
}

const dnt = navigator.doNotTrack == "1";
const gpc = (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;

/** A browser that asks not to be counted waits for what the site decided; everyone else is counted without waiting. */
export const signals = dnt || gpc;

export const honoured = (): boolean => (dnt && config.honour_dnt !== false) || (gpc && config.honour_gpc !== false);

/** A script and not a fetch: where the page's policy allows the one, it allows the other. */
export function loadConfig(failed: () => void): void {
  const element = document.createElement("script");
  element.onerror = failed;
  element.src = data.config || beside(`config/${site}.js`);
  document.head.appendChild(element);
  element.remove(); // it is on its way; the page is as it was
}
