/** What a consent manager on the page was told, passed on to our own switch. */
import type { Core } from "../main";
import { readLayer } from "./layer";

export function bridges(core: Core): void {
  const { config, commands, guarded } = core;
  const wanted = config.bridges || [];
  let last: boolean | undefined;
  const decide = (granted: boolean) => {
    if (granted !== last) commands.consent!((last = granted) ? "granted" : "denied");
  };

  if (wanted.includes("tcf")) {
    const tcf = (window as any).__tcfapi;
    // Purpose 1 is storage on the device, 8 and 9 are measurement of content and audiences.
    tcf?.(
      "addEventListener",
      2,
      guarded((data: any, ok: boolean) => {
        if (!ok || !/^(tcloaded|useractioncomplete)$/.test(data.eventStatus)) return;
        const purposes = (data.purpose && data.purpose.consents) || {};
        decide(data.gdprApplies === false || (purposes[1] && (purposes[8] || purposes[9])) === true);
      }),
    );
  }
  if (wanted.includes("gcm")) {
    readLayer(core, "dataLayer", (item) => {
      const state = item && item[0] == "consent" && item[2] && item[2].analytics_storage;
      if (state == "granted" || (state == "denied" && (item[1] == "update" || last))) decide(state == "granted");
    });
  }
}
