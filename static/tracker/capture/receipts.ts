/**
 * The consent log: each answer is told to the server once, with a random consent id and without any id of who it was. The id
 * stays on the device only while consent does, and goes to the page, which may show it: `footfall("receipt", show)`.
 */
import type { Core } from "../main";
import { uuid } from "../uuid";

const KEY = "footfall.receipt";
const WAITS = [0, 2e3, 1e4, 6e4]; // ms before each try

interface Log {
  site: string;
  version: number; // of the site's settings
  text: number; // version of the consent text
}

export interface Receipt {
  id: string;
  event: string; // the same however often it is sent
  at: string;
  version: number;
  text: number;
  language?: string;
  categories?: string[];
  sent?: boolean;
}

/** What a page may tell with its answer. */
interface About {
  text?: number;
  language?: string;
  categories?: string[];
}

function receipts({ commands, config, endpoint, deviceId, guarded, said }: Core): void {
  const log = config.consent_log as Log;
  let denied = false;

  function read(): Receipt | undefined {
    try {
      return JSON.parse(localStorage.getItem(KEY)!) || undefined;
    } catch {
      return undefined;
    }
  }
  const keep = (receipt: Receipt) => localStorage.setItem(KEY, JSON.stringify(receipt));
  const show = ({ id, at, version, text }: Receipt) => ({ id, at, version, text });
  const announce = (receipt: Receipt) =>
    document.dispatchEvent(new CustomEvent("footfall:receipt", { detail: show(receipt) }));

  function send(answer: string, { event, at, ...about }: Partial<Receipt>, done = () => {}, tries = 0): void {
    const { id: consent_id, version, text, language, categories } = about;
    const body = JSON.stringify({
      site: log.site,
      sent_at: new Date().toISOString(),
      automation: navigator.webdriver || undefined,
      consent: answer == "granted" ? answer : "denied",
      events: [
        {
          event_id: event,
          event_type: "consent",
          event_timestamp: at,
          page: { url: location.origin + "/" },
          event_properties: { answer, consent_id, version, text, language, categories },
        },
      ],
    });
    const again = () => tries < WAITS.length - 1 && send(answer, { event, at, ...about }, done, tries + 1);
    setTimeout(() => {
      fetch(endpoint, { method: "POST", body, keepalive: true, credentials: "omit" }).then(
        guarded(({ status }) => (status == 429 || status > 499 ? again() : done())),
        guarded(again),
      );
    }, WAITS[tries]);
  }

  function sendGrant(receipt: Receipt): void {
    send("granted", receipt, () => {
      // Withdrawn meanwhile, it must not come back to the device.
      if (read()?.event == receipt.event) keep({ ...receipt, sent: true });
    });
  }

  const made = (id: string | undefined, { text, language, categories }: About): Partial<Receipt> => ({
    id,
    event: uuid(Date.now()),
    at: new Date().toISOString(),
    version: log.version,
    text: text || log.text,
    language: language || document.documentElement.lang || undefined,
    categories,
  });

  /** A page that tells its answer on every page has agreed once; another text or other categories are agreed to anew. */
  const isKnown = (kept: Receipt, { text, categories }: About) =>
    (!text || text == kept.text) && (!categories || String(categories) == String(kept.categories));

  function note(answer: unknown, about: About, before: Receipt | undefined): void {
    if (answer == "granted") {
      if (!deviceId() || (before && isKnown(before, about))) return;
      const receipt = made(before?.id || uuid(), about) as Receipt;
      denied = false;
      keep(receipt);
      announce(receipt);
      sendGrant(receipt);
    } else if (before) {
      denied = true;
      localStorage.removeItem(KEY);
      send("withdrawn", made(before.id, about));
    } else if (!denied) {
      denied = true;
      send("denied", made(undefined, about));
    }
  }

  const original = commands.consent!;
  commands.consent = (answer, about) => {
    const before = read();
    original(answer);
    note(answer, about || {}, before);
  };
  const optOut = commands["opt-out"]!;
  commands["opt-out"] = () => {
    const before = read();
    optOut();
    if (before) note("denied", {}, before);
  };
  /** `show` gets the receipt that is kept, or nothing. */
  commands.receipt = (use) => {
    const kept = read();
    use(kept && show(kept));
  };

  const [answer, about] = (said || []) as [unknown?, About?];
  const kept = read();
  if (kept && !deviceId()) {
    note("denied", about || {}, kept); // withdrawn in another tab, or before this script came
  } else {
    if (kept) announce(kept);
    if (kept && !kept.sent) sendGrant(kept);
    if (answer) note(answer, about || {}, kept);
  }
}

let counted = false;
window.footfall?.("install", (core: Core) => {
  counted = true;
  if (core.config.consent_log) core.guarded(receipts)(core);
});
// A browser that asks not to be counted keeps nothing of ours.
if (!counted) {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // There is no storage, and so nothing in it.
  }
}
