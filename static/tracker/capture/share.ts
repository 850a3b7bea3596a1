import type { Core } from "../main";
import { targetOf, withoutQuery } from "./element";

const PLATFORMS: [string, RegExp][] = [
  ["facebook", /facebook\.com\/(sharer|dialog\/share)/],
  ["x", /(twitter|\/x)\.com\/(intent|share)/],
  ["linkedin", /linkedin\.com\/(shareArticle|sharing)/],
  ["whatsapp", /(wa\.me|whatsapp\.com\/send|^whatsapp:)/],
  ["telegram", /(t\.me|telegram\.me)\/share/],
  ["reddit", /reddit\.com\/submit/],
  ["pinterest", /pinterest\.[a-z]+\/pin\/create/],
  ["mastodon", /\/share\?.*text=/],
  ["email", /^mailto:\?/],
];

/** The Web Share API, and links to the share pages of others. */
export function share({ listen, track, guarded }: Core): void {
  const note = (share_platform: string, address?: string) =>
    track("share", { share_platform, content_type: "page", content_id: withoutQuery(address || location.href) });

  listen(document, "click", (event) => {
    const link = targetOf(event)?.closest<HTMLAnchorElement>("a[href]");
    const found = link && PLATFORMS.find(([, pattern]) => pattern.test(String(link.href)));
    if (found) note(found[0]);
  });

  const original = navigator.share;
  if (!original) return;
  navigator.share = function (this: Navigator, ...args: Parameters<typeof original>) {
    const shared = original.apply(this, args);
    shared.then(guarded(() => note("native", args[0]?.url && new URL(args[0].url, location.href).href)), () => {});
    return shared;
  };
}
