/** The tracker: what the snippet's script does, and the `footfall` function that it offers to the page. */
import { askSignals, site } from "./config";
import { guarded } from "./dom";
import { track } from "./event";
import { forget, grant, setUser } from "./identity";
import { watchLinks } from "./links";
import { startNavigation } from "./navigation";
import { startTransport } from "./transport";

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

const commands: Record<string, Command> = {
  event: (name, properties) => track(String(name), properties),
  identify(id, traits) {
    setUser(id);
    if (id) track("identify", { traits });
  },
  consent: (answer) => (answer == "granted" ? grant() : forget()),
};

/** Replaces the snippet's queue by `run`, and runs what the queue holds. */
function take(run: Footfall): void {
  const queued = window.footfall?.q || [];
  run.on = true;
  window.footfall = run;
  for (const call of queued) run(...Array.from(call));
}

const begin = guarded(() => {
  startTransport();
  startNavigation();
  watchLinks();
  take(guarded((name: string, ...args: unknown[]) => commands[name]?.(...args)));
});

const refuse = guarded(() => {
  take(() => {});
  forget();
});

guarded(() => {
  if (!site || window.footfall?.on) return; // no key, or the snippet is there twice
  const queue: Footfall = (window.footfall ||= function () {
    (queue.q ||= []).push(arguments);
  });
  queue.on = true;
  const start = guarded(() => askSignals(begin, refuse));
  // A page that is being prerendered has no visitor yet.
  if ((document as { prerendering?: boolean }).prerendering) {
    document.addEventListener("prerenderingchange", start, { once: true });
  } else start();
})();
