import type { Core } from "../main";

const MARKS = [25, 50, 75, 90, 100];
const EVERY = 200; // ms

/** Says each mark of the page's height when it is first reached by scrolling; page_exit says the depth of every page. */
export function scroll({ listen, track, hook, guarded }: Core): void {
  let reached = 0;
  let fastest = 0; // px/s
  let before = { at: performance.now(), top: scrollY };
  let timer = 0;

  const measure = guarded(() => {
    timer = 0;
    const now = { at: performance.now(), top: scrollY };
    fastest = Math.max(fastest, (Math.abs(now.top - before.top) * 1000) / Math.max(now.at - before.at, EVERY / 2));
    before = now;
    const { scrollHeight } = document.documentElement;
    const depth = Math.min(100, Math.ceil(((now.top + innerHeight) * 100) / Math.max(scrollHeight, 1)));
    const mark = MARKS.filter((value) => value <= depth).pop() || 0;
    if (mark <= reached) return;
    reached = mark;
    track("scroll", { scroll_depth: mark, scroll_velocity: Math.round(fastest), viewport_height: innerHeight });
  });

  listen(window, "scroll", () => {
    if (timer) return;
    if (performance.now() - before.at > 1000) before.at = performance.now(); // the pause before it is no scrolling
    timer = window.setTimeout(measure, EVERY);
  });
  hook((what) => {
    if (what == "open") reached = fastest = 0;
  });
}
