// A plugin for esbuild that leaves out of Plotly's bundle what Footfall does not draw: 408 KB gzipped instead of 479.
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";

const STRING = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\x60(?:[^\x60\\$]|\\.)*\x60)`;

// The help text of each attribute, which only Plotly's own reference pages show; their release build drops it too.
const DESCRIPTION = new RegExp(
  String.raw`\bdescription:\s*(?:\[\s*(?:${STRING}\s*(?:\+\s*)?,?\s*)+\]\.join\(${STRING}\)|${STRING}(?:\s*\+\s*${STRING})*)(?=\s*[,}])`,
  "g",
);

// Components that no chart of Footfall has; Plotly's registry answers for an absent method with a no-op.
const UNUSED = /plotly\.js[\\/]src[\\/]components[\\/](annotations3d|images|rangeselector|rangeslider|sliders|updatemenus)[\\/]index\.js$/;

// <b> in a label as a style attribute would be a breach of the same policy; set by script it is none.
const LABELS = /svg_text_utils\.js$/;
const STYLE = ["if(nodeSpec.style) nodeAttrs.style = nodeSpec.style;", "xmlnsNamespaces.svg, nodeType);"];

function styledByScript(text) {
  if (!STYLE.every((part) => text.includes(part))) throw new Error("plotly.js/src/lib/svg_text_utils.js has changed; look at plotly_slim.mjs.");
  return text.replace(STYLE[0], "").replace(STYLE[1], `${STYLE[1]} if(nodeSpec.style) newNode.style.cssText = nodeSpec.style;`);
}

export const slimPlotly = {
  name: "slim-plotly",
  setup(build) {
    build.onLoad({ filter: UNUSED }, ({ path }) => ({
      contents: `module.exports = { moduleType: "component", name: "${basename(dirname(path))}" };`,
    }));
    build.onLoad({ filter: /plotly\.js[\\/]src[\\/].*\.js$/ }, ({ path }) => ({
      contents: (LABELS.test(path) ? styledByScript : String)(readFileSync(path, "utf8"))
        .replace(DESCRIPTION, "description: ''")
        // The same to the page, but an empty style attribute is a breach of a policy without unsafe-inline.
        .replaceAll(".attr('style', '')", ".attr('style', null)"),
    }));
    // 67 KB of country names in many languages; Footfall's maps are keyed by ISO codes.
    build.onResolve({ filter: /^country-iso-search$/ }, () => ({ path: "none", namespace: "slim-plotly" }));
    build.onLoad({ filter: /^none$/, namespace: "slim-plotly" }, () => ({
      contents: "export const COUNTRIES = []; export const createLookup = () => ({});",
    }));
  },
};

/** Plotly's own style sheet as a file: a page under a strict policy may not have it as a <style> element. */
export function plotlyCss(plotcss) {
  const rules = [];
  const Lib = { addStyleRule: (selector, style) => rules.push(`${selector}{${style}}`) };
  new Function("require", plotcss)(() => Lib);
  if (rules.length < 10) throw new Error("plotly.js/build/plotcss.js has changed its form; look at plotly_slim.mjs.");
  return rules.reverse().join("\n") + "\n"; // insertRule(…, 0): the last added comes first
}
