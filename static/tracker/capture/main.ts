/** The capture modules, each switched on by the site's configuration. */
import type { Core } from "../main";
import { api } from "./api";
import { bridges } from "./bridges";
import { clicks } from "./clicks";
import { ecommerce } from "./ecommerce";
import { errors } from "./errors";
import { forms, inputs } from "./forms";
import { frustration } from "./frustration";
import { links } from "./links";
import { media } from "./media";
import { scroll } from "./scroll";
import { search } from "./search";
import { session } from "./session";
import { share } from "./share";

const modules: Record<string, (core: Core) => void> = {
  bridges, session, links, clicks, frustration, forms, inputs, scroll, media, share, search, errors, api, ecommerce,
};

window.footfall?.("install", (core: Core) => {
  for (const [name, start] of Object.entries(modules)) {
    if ((core.config.modules || []).includes(name)) core.guarded(start)(core);
  }
});
