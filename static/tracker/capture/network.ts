/** The page's own requests, seen without touching their results. */
import type { Core } from "../main";

export interface Call {
  url: string;
  method: string;
  began: number;
  status: number; // 0: none came
  size: number;
  failure?: string; // name of the error
}
interface Watcher {
  started?: () => void;
  ended?: (call: Call) => void;
}
const watchers: Watcher[] = [];

function begin(url: unknown, method: unknown): Call {
  for (const { started } of watchers) started?.();
  return { url: String(url), method: String(method || "GET").toUpperCase(), began: performance.now(), status: 0, size: 0 };
}
const end = (call: Call): void => watchers.forEach(({ ended }) => ended?.(call));

function wrapFetch({ guarded, endpoint }: Core): void {
  const original = window.fetch;
  if (!original) return;
  window.fetch = function (this: unknown, ...args: Parameters<typeof fetch>) {
    const answer = original.apply(this as Window, args);
    guarded(() => {
      const [input, init] = args;
      const request = input as Request;
      const url = new URL(request.url || String(input), location.href).href;
      if (url.startsWith(endpoint)) return;
      const call = begin(url, init?.method || request.method);
      answer.then(
        guarded((response) => {
          call.status = response.status;
          call.size = Number(response.headers.get("Content-Length")) || 0;
          end(call);
        }),
        guarded((error) => {
          call.failure = error?.name || "NetworkError";
          end(call);
        }),
      );
    })();
    return answer;
  };
}

function wrapXhr({ guarded, endpoint }: Core): void {
  const prototype = XMLHttpRequest.prototype;
  const { open, send } = prototype;
  const calls = new WeakMap<XMLHttpRequest, [string, string]>();
  prototype.open = function (this: XMLHttpRequest, method: string, url: string | URL, ...rest: any[]) {
    guarded(() => calls.set(this, [method, new URL(url, location.href).href]))();
    return (open as any).call(this, method, url, ...rest);
  } as typeof open;
  prototype.send = function (this: XMLHttpRequest, ...args) {
    guarded(() => {
      const [method, url] = calls.get(this) || [];
      if (!url || url.startsWith(endpoint)) return;
      const call = begin(url, method);
      const failed = (event: Event) => (call.failure = event.type == "abort" ? "AbortError" : event.type);
      for (const kind of ["error", "timeout", "abort"]) this.addEventListener(kind, failed);
      this.addEventListener(
        "loadend",
        guarded(() => {
          call.status = this.status;
          call.size = Number(this.getResponseHeader("Content-Length")) || 0;
          end(call);
        }),
      );
    })();
    return send.apply(this, args);
  };
}

export function watchNetwork(core: Core, watcher: Watcher): void {
  if (!watchers.length) {
    core.guarded(wrapFetch)(core);
    core.guarded(wrapXhr)(core);
  }
  watchers.push(watcher);
}
