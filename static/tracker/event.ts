/** The events, in the base schema of the API, and the page that they are about. */
import { deviceId, userId } from "./identity";
import { push } from "./transport";
import { uuid } from "./uuid";

export interface Page {
  url: string;
  title: string;
  referrer?: string;
}

export interface TrackedEvent {
  event_id: string;
  page: Page;
  device: { device_id?: string };
  [field: string]: unknown;
}

let index = 0;
let current: Page;

export const page = (): Page => current;

export function openPage(referrer?: string): void {
  current = { url: location.href, title: document.title, referrer: referrer || undefined };
}

/**
 * Single-page apps set the title after they have changed the address. Events share their page, so that the title read
 * when they are sent is right for all of them.
 */
export function refreshTitle(): void {
  current.title = document.title;
}

export function track(type: string, properties: object = {}, about: Page = current): void {
  const now = Date.now();
  push({
    event_id: uuid(now),
    event_type: type,
    event_timestamp: new Date(now).toISOString(),
    event_version: "1",
    session: { event_index: index++ },
    user: userId() ? { user_id: userId() } : undefined,
    device: {
      device_id: deviceId(),
      screen_resolution: screen.width + "x" + screen.height,
      viewport_size: innerWidth + "x" + innerHeight,
      language: navigator.language,
    },
    page: about,
    geo: { timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    // A copy: the page may go on changing its object, and one that is no JSON must fail here, not in a batch.
    event_properties: JSON.parse(JSON.stringify(properties)),
  });
}
