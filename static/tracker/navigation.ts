/** Page views: the document's own, those of a single-page app's routes, and the end of each. */
import { guarded, listen, visible } from "./dom";
import { startEngagement, stopEngagement, trackExit, watchEngagement } from "./engagement";
import { tell, track } from "./event";
import { page, setPage } from "./page";
import { flush, flushHidden, resume } from "./transport";

type NavigationType = "push" | "replace" | "pop" | "hash";

const AWAY = 1e4; // ms in which a navigation that began ends the page

let route: string;
let left = -AWAY; // when a navigation away from this document began

/** Path and search; the hash too where it is a route, as an anchor within the page is none. */
const routeNow = (): string => location.pathname + location.search + hashRoute();
const hashRoute = (): string => (/^#[/!]/.test(location.hash) ? location.hash : "");
const withoutSearch = (path: string): string => path.replace(/\?[^#]*/, "");

function openPage(referrer: string | undefined, top: number, properties?: object, change?: object): void {
  route = routeNow();
  setPage(referrer);
  startEngagement(top);
  if (change) track("route_change", change);
  track("page_view", properties);
  tell("open");
}

function leave(exit_type: "navigation" | "close", gone: boolean): void {
  tell("leave", gone);
  trackExit(exit_type);
}

function onRoute(navigation_type: NavigationType): void {
  const from_route = route;
  const to_route = routeNow();
  if (from_route == to_route) return;
  if (navigation_type == "replace" && withoutSearch(from_route) == withoutSearch(to_route)) {
    route = to_route; // an app that keeps its state in the address: still the same page
    return;
  }
  leave("navigation", true);
  left = -AWAY;
  openPage(page.url, 0, {}, { from_route, to_route, navigation_type });
}

function wrapHistory(method: "pushState" | "replaceState", type: NavigationType): void {
  const original = history[method];
  const changed = guarded(onRoute);
  try {
    history[method] = function (this: History, ...args: Parameters<History["pushState"]>) {
      original.apply(this, args);
      changed(type);
    };
  } catch {
    // The page has frozen its history: the popstate and hashchange events remain.
  }
}

/** Milliseconds until the document could be used; the load event comes too late for an event that goes out at once. */
function loadTime(): object {
  const [timing] = performance.getEntriesByType("navigation") as (PerformanceNavigationTiming & { activationStart?: number })[];
  if (!timing?.domInteractive) return {};
  return { load_time: Math.max(0, Math.round(timing.domInteractive - (timing.activationStart || 0))) };
}

const leaving = (): void => {
  left = performance.now();
};

function watchLeaving(): void {
  const { navigation } = window as { navigation?: EventTarget };
  if (navigation) {
    listen(navigation, "navigate", (event) => event.destination.sameDocument || event.downloadRequest != null || leaving());
  } else {
    // Browsers of before 2026: a link or a form is all that can be seen of a navigation.
    listen(document, "click", (event) => event.target.closest("a[href]:not([target]):not([download])") && leaving());
    listen(document, "submit", leaving);
  }
}

function onHidden(leaving: "hidden" | "gone"): void {
  leave(performance.now() - left < AWAY ? "navigation" : "close", leaving == "gone");
  if (leaving == "gone") stopEngagement();
  flushHidden(leaving);
}

export function startNavigation(): void {
  openPage(document.referrer, scrollY, loadTime());
  flush();
  watchEngagement();
  wrapHistory("pushState", "push");
  wrapHistory("replaceState", "replace");
  listen(window, "popstate hashchange", () => {
    // Both events come for a change of the hash, popstate first.
    const samePath = route.split("#")[0] == location.pathname + location.search;
    onRoute(samePath ? "hash" : "pop");
  });
  watchLeaving();
  listen(window, "pagehide", () => onHidden("gone"));
  listen(document, "visibilitychange", () => (visible() ? resume() : onHidden("hidden")));
  listen(window, "pageshow", (event: PageTransitionEvent) => {
    if (event.persisted) openPage(undefined, scrollY); // back from the back/forward cache: seen once more
  });
}
