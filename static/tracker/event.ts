/** The events, in the base schema of the API. */
import { deviceId, userId } from "./identity";
import { page } from "./page";
import { push } from "./transport";
import { uuid } from "./uuid";

let index = 0;

export function track(type: string, properties?: object | null): void {
  const now = Date.now();
  const user = userId();
  push({
    event_id: uuid(now),
    event_type: type,
    event_timestamp: new Date(now).toISOString(),
    event_version: "1",
    // A copy: the page may go on changing its object, and one that is no JSON must fail here, not in a batch.
    event_properties: JSON.parse(JSON.stringify(properties || {})),
    session: { event_index: index++ },
    user: user ? { user_id: user } : undefined,
    device: {
      device_id: deviceId(),
      screen_resolution: screen.width + "x" + screen.height,
      viewport_size: innerWidth + "x" + innerHeight,
      language: navigator.language,
    },
    page,
    geo: { timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  });
}
