/** Who is counted. Nothing is kept on the device before consent; the stored device id is itself the record of consent. */
import { config } from "./config";
import { uuid } from "./uuid";

const DEVICE = "footfall.device";
const UNSENT = "footfall.unsent";
const SESSION = "footfall.session"; // of the capture module
const RECEIPT = "footfall.receipt"; // of the consent log (receipts.ts)
const DENIED = "footfall.denied"; // only where the site keeps a device id without asking
const IGNORE = "footfall.ignore"; // the person's own wish

type Answer = "granted" | "denied" | undefined;

let user: string | undefined;
let answer: Answer; // of this page; what is stored comes first

export const setUser = (id: unknown): void => {
  user = id || id === 0 ? String(id) : undefined;
};

function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) || undefined;
  } catch {
    return undefined; // storage is blocked: cookieless
  }
}

/** Read for every event rather than kept: a withdrawal in another tab must take effect in this one too. */
export const deviceId = (): string | undefined => read(DEVICE);

export const consent = (): Answer => (deviceId() ? "granted" : answer);

/** Nothing may leave the page: the site counts nobody before they agree. */
export const held = (): boolean => config.consent == "required" && consent() != "granted";

export const userId = (): string | undefined =>
  config.consent == "anonymous" && consent() != "granted" ? undefined : user;

export function grant(): void {
  answer = "granted";
  if (!deviceId()) {
    localStorage.setItem(DEVICE, uuid());
    answer = undefined; // stored, so that a withdrawal in another tab counts here
    localStorage.removeItem(DENIED);
  }
}

export function forget(): void {
  user = undefined;
  answer = "denied";
  for (const key of [DEVICE, UNSENT, SESSION]) localStorage.removeItem(key);
}

/** Said by the person, and remembered where they are not asked again. */
export function deny(): void {
  forget();
  if (config.consent == "full") localStorage.setItem(DENIED, "1");
}

export const denied = (): string | undefined => read(DENIED);

export const ignored = (): string | undefined => read(IGNORE);

/** Left out for good, or counted again, as the person wishes: by a call or by a link to `#footfall-opt-out`. */
export function setIgnored(out: unknown): void {
  if (!out) return localStorage.removeItem(IGNORE);
  forget();
  localStorage.removeItem(RECEIPT);
  localStorage.setItem(IGNORE, "1");
}

/** Keeps what could not be sent for the next page; only with consent. Says whether it did. */
export function keepUnsent(events: object[]): boolean | undefined {
  try {
    if (!deviceId()) return;
    localStorage.setItem(UNSENT, JSON.stringify(takeUnsent().concat(events)));
    return true;
  } catch {
    return; // the storage is full
  }
}

export function takeUnsent(): any[] {
  try {
    const kept = deviceId() && localStorage.getItem(UNSENT);
    if (!kept) return [];
    localStorage.removeItem(UNSENT);
    return JSON.parse(kept);
  } catch {
    return [];
  }
}
