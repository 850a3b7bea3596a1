/** How the page loaded and reacted, once, when it is left. Thresholds and percentiles are the server's business. */
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals/attribution";
import type { Core } from "../main";

const round = (value: number | undefined): number | undefined => (value == null ? undefined : Math.max(0, Math.round(value)));

function resources(): object {
  let total_size = 0;
  let cached_size = 0;
  const found = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  for (const { transferSize, encodedBodySize } of found) {
    total_size += encodedBodySize || 0;
    if (!transferSize) cached_size += encodedBodySize || 0;
  }
  return { total_size, cached_size, requests_count: found.length };
}

window.footfall?.("install", ({ track, hook, guarded }: Core) => {
  const metrics: Record<string, number | undefined> = {};
  const attribution: Record<string, string | undefined> = {};
  const all = { reportAllChanges: true }; // what is known when the page goes is what counts
  let blocking = 0;
  let sent = false;

  onLCP(({ value, attribution: why }) => {
    metrics.largest_contentful_paint = round(value);
    attribution.lcp_element = why.target;
  }, all);
  onINP(({ value, attribution: why }) => {
    metrics.interaction_to_next_paint = round(value);
    attribution.inp_target = why.interactionTarget;
  }, all);
  onCLS(({ value, attribution: why }) => {
    metrics.cumulative_layout_shift = Math.round(value * 1e4) / 1e4;
    attribution.cls_target = why.largestShiftTarget;
  }, all);
  onFCP(({ value }) => (metrics.first_contentful_paint = round(value)), all);
  onTTFB(({ value }) => (metrics.time_to_first_byte = round(value)), all);

  guarded(() =>
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) blocking += Math.max(0, duration - 50);
    }).observe({ type: "longtask", buffered: true }),
  )();

  hook((what) => {
    if (what != "leave" || sent) return;
    const [timing] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    const [paint] = performance.getEntriesByName("first-paint");
    if (!timing) return;
    sent = true;
    track("page_performance", {
      metrics: {
        dom_interactive: round(timing.domInteractive),
        dom_complete: round(timing.domComplete),
        load_complete: round(timing.loadEventEnd),
        first_paint: round(paint?.startTime),
        total_blocking_time: round(blocking),
        ...metrics,
      },
      resources: resources(),
      navigation_type: timing.type,
      attribution,
    });
  });
});
