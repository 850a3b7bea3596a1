/**
 * From an event to an answered request. An event stays in `queue` until a request takes it, and comes back, with the
 * same event_id, when that request was not answered for good: the server counts it once however often it is sent.
 */
import { endpoint, site } from "./config";
import { guarded, listen } from "./dom";
import { consent, deviceId, held, keepUnsent, takeUnsent } from "./identity";
import { refreshTitle, type Page } from "./page";

declare const VERSION: string; // put in by build.mjs

const DELAY = 1000;
const BATCH = 20;
const BYTES = 6e4; // browsers refuse more than 64 KB of beacons and keepalive requests
const MOST = 1000; // kept while offline; beyond it the oldest go
const LONGEST_BACKOFF = 6e4;

export interface TrackedEvent {
  event_id: string;
  page: Page;
  device: { device_id?: string; [field: string]: unknown };
  [field: string]: unknown;
}

type Leaving = "hidden" | "gone";

let queue: TrackedEvent[] = [];
let requests = 0; // on their way
let backoff = 0; // 0: the last request went well
let timer: ReturnType<typeof setTimeout> | undefined;

/** Forgets what has not left yet. */
export function drop(): void {
  queue = [];
}

export function push(event: TrackedEvent): void {
  queue = queue.concat(event).slice(-MOST);
  if (queue.length >= BATCH && !backoff) flush();
  else later(DELAY);
}

/**
 * Sends a batch, unless one is on its way: its answer decides when the next one goes. A page that is `leaving` waits for
 * no answer, and one that is gone sends all it has by beacons.
 */
export function flush(leaving?: Leaving): void {
  timer = clearTimeout(timer) as undefined;
  if (!queue.length || (requests && !leaving) || held()) return;
  refreshTitle();
  // A withdrawal reaches the events that have not left yet, in whichever tab it was made.
  if (!deviceId()) for (const event of queue) delete event.device.device_id;
  const gone = leaving == "gone";
  const batches = [takeBatch()];
  while (gone && queue.length) batches.push(takeBatch());
  for (const [events, body] of batches) if (!gone || !beacon(body)) request(events, body);
}

/** The page is hidden and may never be seen again, or it is gone. Unsent events wait for better times if they can. */
export function flushHidden(leaving: Leaving): void {
  const trouble = backoff || !navigator.onLine;
  if (trouble && keepUnsent(queue)) queue = [];
  if (leaving == "gone" || !trouble) flush(leaving);
}

function later(delay: number): void {
  timer ??= setTimeout(guarded(() => flush()), delay);
}

/** The next batch, taken off the queue, and its text: as many events as one beacon may carry, but at least one. */
function takeBatch(): [TrackedEvent[], string] {
  let size = 0;
  const texts: string[] = [];
  for (const event of queue) {
    const text = JSON.stringify(event);
    size += new Blob([text]).size;
    if (texts.length && size > BYTES) break;
    texts.push(text);
  }
  const head = {
    site,
    sent_at: new Date().toISOString(),
    automation: navigator.webdriver || undefined,
    consent: consent(),
    tracker: VERSION,
  };
  return [queue.splice(0, texts.length), JSON.stringify(head).slice(0, -1) + `,"events":[${texts}]}`];
}

/** Text, in both: it goes as text/plain, which needs no preflight request. */
function beacon(body: string): boolean {
  return !!navigator.sendBeacon?.(endpoint(), body);
}

function request(events: TrackedEvent[], body: string): void {
  requests++;
  try {
    fetch(endpoint(), { method: "POST", body, keepalive: body.length < BYTES, credentials: "omit" }).then(
      guarded((response) => onAnswer(events, response)),
      guarded(() => retry(events)),
    );
  } catch {
    requests--; // the page has replaced fetch
    if (!beacon(body)) queue = events.concat(queue);
  }
}

function onAnswer(events: TrackedEvent[], { status, headers }: Response): void {
  if (status == 429 || status > 499) return retry(events, headers.get("Retry-After"));
  // Any other refusal would only be repeated: those events are dropped.
  requests--;
  backoff = 0;
  if (queue.length >= BATCH) flush();
  else if (queue.length) later(DELAY);
}

function retry(events: TrackedEvent[], after?: string | null): void {
  requests--;
  queue = events.concat(queue).slice(-MOST);
  backoff = Math.min(backoff * 2 || DELAY, LONGEST_BACKOFF);
  const asked = (after && (+after * 1000 || Date.parse(after) - Date.now())) || 0;
  timer = clearTimeout(timer) as undefined;
  // Jitter, so that the visitors of a site do not all come back at once after an outage.
  later(Math.max(asked, backoff * (1 + Math.random() / 2)));
}

/** Takes up what an earlier page, or this one when it was hidden, could not send. */
export function resume(): void {
  queue = takeUnsent().concat(queue);
  if (queue.length) later(DELAY);
}

export function startTransport(): void {
  resume();
  listen(window, "online", () => {
    resume();
    flush();
  });
}
