import type { Core } from "../main";
import { watchNetwork } from "./network";

const MOST = 50; // of each kind, a page
const ID = /^(\d+|[0-9a-f]{8,}|[0-9a-f-]{32,36}|.{25,})$/i;

/** The address without its query and its ids; of another host with that. */
function endpointOf(url: string): string {
  const { host, pathname } = new URL(url);
  const path = pathname.split("/").map((part) => (ID.test(part) ? ":id" : part)).join("/");
  return (host == location.host ? "" : host) + path;
}

export function api(core: Core): void {
  let fine = 0;
  let failed = 0;
  watchNetwork(core, {
    ended({ url, method, began, status, size, failure }) {
      if (failure == "AbortError" || !/^http/.test(url)) return;
      const response_time = Math.round(performance.now() - began);
      const about = { endpoint: endpointOf(url), method, status_code: status, response_time };
      if (failure || status >= 400) {
        const error_type = failure || (status > 499 ? "server_error" : "client_error");
        if (failed++ < MOST) core.track("api_error", { ...about, error_type });
      } else if (fine++ < MOST) core.track("api_performance", { ...about, payload_size: size || undefined });
    },
  });
  core.hook((what) => {
    if (what == "open") fine = failed = 0;
  });
}
