import type { Core } from "../main";
import { withoutQuery } from "./element";

const MOST = 20; // a page
const ALIKE = 5;

const plain = (text: unknown, length: number): string =>
  String(text ?? "").replace(/(https?:\/\/[^\s?#)]+)[?#][^\s):]*/g, "$1").slice(0, length);

/** Short, the same for the same text. Not secret: nothing but our own error events is named by it. */
function fingerprintOf(text: string): string {
  let hash = 5381;
  for (let i = 0; i < text.length; i++) hash = ((hash * 33) ^ text.charCodeAt(i)) >>> 0;
  return hash.toString(36);
}

/** JavaScript errors; one that repeats is told five times a page, and at the page's end how often it was. */
export function errors({ listen, track, hook }: Core): void {
  let told = 0;
  const counts = new Map<string, [number, object]>();

  function report(error_type: string, message: string, stack: string, where: object): void {
    const error_message = plain(message, 500);
    const frame = /(?:at |@)[^\n]+/.exec(stack.slice(stack.indexOf("\n") + 1)) || [""];
    const fingerprint = fingerprintOf(error_type + error_message.replace(/[0-9a-f-]{8,}|\d+/gi, "0") + plain(frame[0], 200));
    const about = { error_message, error_stack: plain(stack, 2000), error_type, fingerprint, ...where };
    const count = (counts.get(fingerprint)?.[0] || 0) + 1;
    counts.set(fingerprint, [count, about]);
    if (count <= ALIKE && told++ < MOST) track("error", about);
  }

  listen(window, "error", (event: ErrorEvent) => {
    if (!event.message) return; // an image or a script that did not load
    const { error, message, filename, lineno, colno } = event;
    const foreign = message == "Script error." && !filename;
    const where = { source: withoutQuery(filename || ""), line: lineno || 0, column: colno || 0 };
    report(foreign ? "cross_origin" : error?.name || "Error", error?.message || message, String(error?.stack || ""), where);
  });
  listen(window, "unhandledrejection", ({ reason }: PromiseRejectionEvent) =>
    report(reason?.name || "UnhandledRejection", reason?.message || String(reason), String(reason?.stack || ""), {}),
  );
  hook((what, gone) => {
    if (what != "leave" || !gone) return;
    for (const [count, about] of counts.values()) if (count > ALIKE) track("error", { ...about, count: count - ALIKE });
    counts.clear();
    told = 0;
  });
}
