/** Who is counted. Nothing is kept on the device before consent; the stored device id is itself the record of consent. */
import { uuid } from "./uuid";

const DEVICE = "footfall.device";
const UNSENT = "footfall.unsent";

let user: string | undefined;

export const userId = (): string | undefined => user;
export const setUser = (id: unknown): void => {
  user = id == null || id === "" ? undefined : String(id);
};

/** Read for every event rather than kept: a withdrawal in another tab must take effect in this one too. */
export function deviceId(): string | undefined {
  try {
    return localStorage.getItem(DEVICE) || undefined;
  } catch {
    return undefined; // storage is blocked: cookieless
  }
}

export function grant(): void {
  if (!deviceId()) localStorage.setItem(DEVICE, uuid());
}

export function forget(): void {
  user = undefined;
  localStorage.removeItem(DEVICE);
  localStorage.removeItem(UNSENT);
}

/** Keeps what could not be sent for the next page; only with consent. Says whether it did. */
export function keepUnsent(events: object[]): boolean {
  try {
    if (!deviceId()) return false;
    localStorage.setItem(UNSENT, JSON.stringify(takeUnsent().concat(events)));
    return true;
  } catch {
    return false; // the storage is full
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
