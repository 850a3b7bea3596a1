/** The events, in the base schema of the API. */
import { data } from "./config";
import { guarded } from "./dom";
import { deviceId, userId } from "./identity";
import { page } from "./page";
import { push } from "./transport";
import { uuid } from "./uuid";

let index = 0;
let segment = data.segment;
let variants: Record<string, string> | undefined;

/** The person's segment, and which variants of experiments they see: on every event from now on. */
export const setSegment = (name?: unknown): void => {
  segment = name ? String(name) : undefined;
};
export const setVariant = (experiment: string, variant: unknown): void => {
  variants = { ...variants, [experiment]: String(variant) };
};
/** `exp:B, other:A`, as data-variants of the snippet has it. */
export function setVariants(pairs = ""): void {
  for (const [, experiment, variant] of pairs.matchAll(/([^\s,:]+)\s*:\s*([^\s,]+)/g)) setVariant(experiment!, variant);
}
setVariants(data.variants);

/**
 * What the capture modules are told: an "event" is on its way (its type, and properties that may be changed still); a page
 * is "open" (the first, and each route of an app); a page is "leave"d or hidden (whether it is gone).
 */
export type Hook = (what: "event" | "open" | "leave", about?: unknown, properties?: any) => void;
const hooks: Hook[] = [];

export const addHook = (hook: Hook): number => hooks.push(guarded(hook));
export const tell: Hook = (...news) => hooks.forEach((hook) => hook(...news));

export function track(type: string, properties?: object | null, at?: number): void {
  const now = at || Date.now();
  const user_id = userId();
  // A copy: the page may go on changing its object, and one that is no JSON must fail here, not in a batch.
  const event_properties = JSON.parse(JSON.stringify(properties || {}));
  tell("event", type, event_properties);
  push({
    event_id: uuid(now),
    event_type: type,
    event_timestamp: new Date(now).toISOString(),
    event_version: "1",
    event_properties,
    session: { event_index: index++ },
    user: user_id || segment ? { user_id, user_segment: segment } : undefined,
    ab_test_variants: variants,
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
