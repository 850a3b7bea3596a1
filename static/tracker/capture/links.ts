/** Clicks that lead off the site or to a file. They are only noted: the click goes on undelayed. */
import type { Core } from "../main";
import { targetOf } from "./element";

const FILE =
  /\.(7z|apk|avi|bz2|csv|deb|dmg|docx?|epub|exe|flac|gz|iso|jar|m4[av]|mkv|mov|mp[34]|mpe?g|msi|od[pst]|ogg|pdf|pkg|pptx?|rar|rpm|rtf|tar|tgz|tsv|txt|wav|webm|wmv|xlsx?|xz|zip)$/i;

export function links({ listen, track }: Core): void {
  listen(document, "click auxclick", (event: MouseEvent) => {
    if (event.button > 1) return; // the right button opens a menu, no page
    const link = targetOf(event)?.closest<HTMLAnchorElement>("a[href],area[href]");
    if (!link || typeof link.href != "string" || !/^http/.test(link.protocol)) return; // a link in an SVG has no such href
    const file = FILE.exec(link.pathname);
    if (file || link.hasAttribute("download")) {
      const file_name = link.pathname.split("/").pop() || "";
      const [known] = performance.getEntriesByName(link.href) as PerformanceResourceTiming[];
      track("file_download", {
        file_name,
        file_type: file ? file[1]!.toLowerCase() : file_name.split(".")[1] || "",
        file_size: known?.encodedBodySize || undefined,
      });
    } else if (link.host != location.host) {
      track("outbound_click", { href: link.href });
    }
  });
}
