/**
 * From an event to an answered request. An event stays in `queue` until a request takes it, and comes back, with the
 * same event_id, when that request was not answered for good: the server counts it once however often it is sent.
 */
import { endpoint, site } from "./config";
import { guarded, listen } from "./dom";
import { refreshTitle, type TrackedEvent } from "./event";
import { keepUnsent, takeUnsent } from "./identity";

const DELAY = 1000;
const BATCH = 20;
const BYTES = 6e4; // browsers refuse more than 64 KB of beacons and keepalive requests
const MOST = 1000; // kept while offline; beyond it the oldest go
const LONGEST_WAIT = 6e4;

let queue: TrackedEvent[] = [];
let backoff = 0; // 0: the last request went well
let timer: ReturnType<typeof setTimeout> | undefined;

export function push(event: TrackedEvent): void {
  queue = queue.concat(event).slice(-MOST);
  if (queue.length >= BATCH && !backoff) flush();
  else later(DELAY);
}

/** Events that wait have not left: a withdrawal reaches them too. */
export function forgetDevices(): void {
  for (const event of queue) delete event.device.device_id;
}

function later(delay: number): void {
  timer ??= setTimeout(guarded(flush), delay);
}

/** The next batch as text, taken off the queue: as many events as one beacon may carry, but at least one. */
function takeBatch(): [TrackedEvent[], string] {
  let size = 0;
  const texts: string[] = [];
  for (const event of queue) {
    const text = JSON.stringify(event);
    size += new Blob([text]).size;
    if (texts.length && size > BYTES) break;
    texts.push(text);
  }
  const head = JSON.stringify({
    site,
    sent_at: new Date().toISOString(),
    automation: navigator.webdriver || undefined,
  });
  return [queue.splice(0, texts.length), head.slice(0, -1) + `,"events":[${texts}]}`];
}

export function flush(leaving?: boolean): void {
  clearTimeout(timer);
  timer = undefined;
  if (leaving && (backoff || navigator.onLine === false) && keepUnsent(queue)) queue = [];
  if (!queue.length) return;
  refreshTitle();
  const [events, body] = takeBatch();
  // A string goes as text/plain, which needs no preflight request.
  if (!leaving || !navigator.sendBeacon || !navigator.sendBeacon(endpoint(), body)) post(events, body, leaving);
  if (leaving) flush(leaving);
  else if (queue.length) later(DELAY);
}

function post(events: TrackedEvent[], body: string, leaving?: boolean): void {
  fetch(endpoint(), { method: "POST", body, keepalive: body.length < BYTES, credentials: "omit" })
    .then((response) => {
      const { status } = response;
      if (status == 429 || status > 499) return retry(events, response.headers.get("Retry-After"));
      backoff = 0; // any other refusal would be repeated for ever: the batch is dropped
      return;
    })
    .catch(() => {
      if (!leaving && navigator.sendBeacon === undefined) return;
      retry(events);
    });
}

function retry(events: TrackedEvent[], after?: string | null): void {
  queue = events.concat(queue).slice(-MOST);
  backoff = Math.min(backoff * 2 || DELAY, LONGEST_WAIT);
  const asked = after ? +after * 1000 || Date.parse(after) - Date.now() : 0;
  clearTimeout(timer);
  timer = undefined;
  // Jitter, so that the visitors of a site do not come back all at once after an outage.
  later(Math.max(asked || 0, backoff * (0.5 + Math.random() / 2)));
}

/** What an earlier page, or this one while it was hidden, could not send. */
export function resume(): void {
  queue = takeUnsent().concat(queue);
  if (queue.length) later(DELAY);
}

export function startTransport(): void {
  resume();
  listen(window, "online", () => {
    backoff = 0;
    resume();
    flush();
  });
}
