/** session_start and session_end. Without leave to store, a session is only seen to begin, by its referrer. */
import type { Core } from "../main";

const KEY = "footfall.session";
const LONGEST = 864e5;

interface Session {
  start: number;
  last: number;
  pages: number;
  events: number;
}

export function session({ track, hook, deviceId, config, page }: Core): void {
  const gap = (config.gap_minutes || 30) * 6e4;

  function note(isPage: boolean): void {
    const now = Date.now();
    const kept = localStorage.getItem(KEY);
    let it: Session | null = kept && JSON.parse(kept);
    const save = () => localStorage.setItem(KEY, JSON.stringify(it));
    if (!it || now - it.last > gap || now - it.start > LONGEST) {
      const over = it;
      it = { start: now, last: now, pages: 0, events: 0 };
      save();
      if (over) {
        track(
          "session_end",
          { session_duration: over.last - over.start, pages_visited: over.pages, events_count: over.events },
          over.last,
        );
      }
      track("session_start", {});
    }
    it.last = now;
    it.events++;
    if (isPage) it.pages++;
    save();
  }

  hook((what, type) => {
    if (what == "event" && deviceId() && !/^session_/.test(String(type))) note(type == "page_view");
  });
  // The first page view was on its way before this module came.
  if (deviceId()) note(true);
  else if (!page().referrer || new URL(page().referrer!).host != location.host) track("session_start", {});
}
