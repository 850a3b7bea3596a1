/**
 * How long and how far a page was read. Each time the page is hidden or left, one page_exit says what is new: engaged_ms
 * since the page_exit before it (the sum over a page view is right), time_on_page and scroll_depth since its start (the
 * largest is right).
 */
import { listen, visible } from "./dom";
import { track } from "./event";
import { page, refreshTitle } from "./page";

let opened: number;
let engaged: number; // ms not reported yet
let since: number; // when attention began, 0: there is none now
let bottom: number; // lowest pixel seen
let reported: number; // scroll depth of the last page_exit, -1: there was none

const watch = (): number => (visible() && document.hasFocus() ? performance.now() : 0);

function settle(): void {
  if (since) engaged += performance.now() - since;
  since = watch();
}

const see = (top: number): void => {
  bottom = Math.max(bottom, top + innerHeight);
};

/** A share of the page's height now: a page that grew while it was read is measured at its full height. */
function depth(): number {
  const height = Math.max(document.documentElement.scrollHeight, document.body?.scrollHeight || 0, 1);
  return Math.min(100, Math.round((bottom * 100) / height));
}

/** `top`: where the visitor starts. 0 for a route of an app, whose old scroll position is not yet reset. */
export function startEngagement(top: number): void {
  opened = performance.now();
  engaged = bottom = 0;
  since = watch();
  reported = -1;
  see(top);
}

export function trackExit(exit_type: "navigation" | "close"): void {
  settle();
  const scroll_depth = depth();
  if (reported >= scroll_depth && engaged < 1) return;
  refreshTitle();
  track("page_exit", {
    exit_url: page.url,
    time_on_page: Math.round(performance.now() - opened),
    engaged_ms: Math.round(engaged),
    scroll_depth,
    exit_type,
  });
  engaged = 0;
  reported = Math.max(reported, scroll_depth);
}

/** A page that is gone is still called visible for a moment. */
export function stopEngagement(): void {
  since = 0;
}

export function watchEngagement(): void {
  listen(window, "focus blur", settle);
  listen(document, "visibilitychange", settle);
  listen(window, "scroll resize", () => see(scrollY));
}
