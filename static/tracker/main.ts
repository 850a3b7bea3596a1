/** The tracker: what the snippet's script does, and the `footfall` function that it offers to the page. */
import { config, endpoint, honoured, loadConfig, setConfig, signals, site } from "./config";
import { guarded, listen } from "./dom";
import { addHook, setSegment, setVariant, setVariants, track } from "./event";
import { denied, deny, deviceId, forget, grant, ignored, setIgnored, setUser } from "./identity";
import { startNavigation } from "./navigation";
import { page } from "./page";
import { drop, flush, startTransport } from "./transport";

type Command = (...args: any[]) => void;

interface Footfall extends Command {
  q?: IArguments[]; // calls made before this script was there
  on?: boolean;
}

declare global {
  interface Window {
    footfall?: Footfall;
  }
}

/** What the capture modules reach of the script. */
export interface Core {
  track: typeof track;
  listen: typeof listen;
  guarded: typeof guarded;
  config: typeof config;
  endpoint: string;
  page: () => typeof page;
  deviceId: typeof deviceId;
  setVariants: typeof setVariants;
  commands: Record<string, Command>;
  said: unknown[] | undefined; // what the page last told of consent, before this
  hook: typeof addHook;
}

let state: "waiting" | "on" | "off" = "waiting";
const waiting: unknown[][] = [];
let said: unknown[] | undefined;

const commands: Record<string, Command> = {
  event: (name, properties) => track(String(name), properties),
  identify(id, traits) {
    setUser(id);
    if (id) track("identify", { traits });
  },
  consent(...given) {
    said = given;
    if (given[0] == "granted") grant();
    else {
      deny();
      if (config.consent == "required") drop();
    }
    flush();
  },
  variant: setVariant,
  segment: setSegment,
  "opt-out"() {
    setIgnored(true);
    drop();
    state = "off";
  },
  "opt-in": () => setIgnored(false),
  /** By which a person shows the site's owner who they are. */
  token: (use) =>
    fetch(endpoint() + "/token", { method: "POST", body: site! + deviceId() })
      .then((answer) => answer.text())
      .then(use),
  configure(found) {
    setConfig(found);
    if (state == "off" || honoured()) return refuse();
    if (config.consent == "full" && !denied()) grant();
    if (state == "waiting") begin();
  },
  install(work: (core: Core) => void) {
    if (state != "on") return;
    work({
      track, listen, guarded, config, endpoint: endpoint(), page: () => page, deviceId, setVariants, commands, said,
      hook: addHook,
    });
  },
};
/** These are obeyed at any time; the others only count where somebody is counted. */
const ALWAYS = /^(configure|install|opt-in)$/;

const footfall: Footfall = guarded((name: string, ...args: unknown[]) => {
  if (state == "on" || ALWAYS.test(name)) commands[name]?.(...args);
  else if (state == "waiting") waiting.push([name, ...args]);
});

const begin = guarded(() => {
  state = "on";
  startTransport();
  startNavigation();
  for (const [name, ...args] of waiting) footfall(name, ...args);
});

const refuse = guarded(() => {
  state = "off";
  forget();
});

guarded(() => {
  if (!site || window.footfall?.on) return; // no key, or the snippet is there twice
  for (const call of window.footfall?.q || []) waiting.push(Array.from(call));
  footfall.on = true;
  window.footfall = footfall;
  const wish = /^#footfall-opt-(in|(out))$/.exec(location.hash);
  if (wish) guarded(setIgnored)(wish[2]);
  if (ignored()) {
    state = "off";
    return;
  }
  const start = guarded(() => {
    if (!signals) begin();
    loadConfig(() => state == "waiting" && refuse());
  });
  // A page that is being prerendered has no visitor yet.
  if ((document as { prerendering?: boolean }).prerendering) {
    document.addEventListener("prerenderingchange", start, { once: true });
  } else start();
})();
