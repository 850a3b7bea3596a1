/* The pages' charts and small habits: draws figures that the server computed, opens the details, rests while unseen. */
import { scriptOf } from "./parts/trusted";

interface Figure { data: object[]; layout: Record<string, unknown>; }
interface PlotlyGlobal {
  react(node: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  purge(node: HTMLElement): void;
}
type ChartNode = HTMLElement & { figure?: Figure; on?: (event: string, handler: (e: any) => void) => void };

const root = document.documentElement;
let loading: Promise<PlotlyGlobal> | undefined;

/** Plotly is fetched when the first chart is there, once; its address stands in the page, with its hash. */
function plotly(): Promise<PlotlyGlobal> {
  loading ??= new Promise((done, fail) => {
    const script = scriptOf(document.querySelector<HTMLMetaElement>('meta[name="plotly"]')!.content);
    script.onload = () => done((window as any).Plotly);
    script.onerror = () => { loading = undefined; fail(new Error("The charts could not be loaded.")); };
    document.head.append(script);
  });
  return loading;
}

/** "var(--series-1)" anywhere in a figure becomes the theme's colour, as Plotly reads only plain ones. */
function themed(value: unknown, paint: (name: string) => string): unknown {
  if (typeof value === "string") return value.startsWith("var(--") ? paint(value.slice(4, -1)) : value;
  if (Array.isArray(value)) return value.map((item) => themed(item, paint));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, themed(item, paint)]));
  }
  return value;
}

function painter(): (name: string) => string {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const known = new Map<string, string>();
  queueMicrotask(() => probe.remove());
  return (name) => {
    if (!known.has(name)) {
      probe.style.color = `var(${name})`;
      known.set(name, getComputedStyle(probe).color);
    }
    return known.get(name)!;
  };
}

async function draw(node: ChartNode): Promise<void> {
  const source = node.querySelector('script[type="application/json"]');
  if (source) {
    node.figure = JSON.parse(source.textContent!);
    source.remove();
  }
  if (!node.figure) return;
  const library = await plotly().catch(() => undefined);
  if (!library) { node.textContent = "The charts could not be loaded. The table below has the figures."; return; }
  if (!node.isConnected) return;
  const paint = painter();
  const figure = themed(node.figure, paint) as Figure;
  const style = getComputedStyle(root);
  const layout = {
    ...figure.layout,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
    font: { family: style.getPropertyValue("--font"), size: 12, color: paint("--ink-3") },
    hoverlabel: { bgcolor: paint("--raised"), bordercolor: paint("--line-strong"), font: { color: paint("--ink") }, align: "left" },
  };
  const topojson = document.querySelector<HTMLMetaElement>('meta[name="topojson"]')!.content;
  const fresh = !node.classList.contains("js-plotly-plot");
  await library.react(node, figure.data, layout, {
    displayModeBar: false, responsive: true, scrollZoom: false, topojsonURL: topojson, showTips: false,
  });
  const links = node.dataset.links && document.getElementById(node.dataset.links);
  if (links && fresh) {
    const addresses = JSON.parse(links.textContent!) as Record<string, string>;
    node.on?.("plotly_click", (event) => {
      const address = addresses[event.points[0]?.location];
      if (address) location.search = address;
    });
  }
}

function drawAll(): void {
  for (const node of document.querySelectorAll<ChartNode>("[data-chart]")) void draw(node);
}

// Who had the focus in what is replaced has it again afterwards, on what is called the same.
let left = "";
const nameOf = (element: Element): string => `${element.tagName} ${element.getAttribute("aria-label") || element.textContent?.trim()}`;
document.addEventListener("htmx:afterSwap", (event) => {
  const target = (event as CustomEvent).detail.target as HTMLElement;
  if (left && !target.contains(document.activeElement)) {
    const same = [...target.querySelectorAll<HTMLElement>("a, button, summary, input, select")].find((one) => nameOf(one) === left);
    same?.focus({ preventScroll: true });
  }
  left = "";
  for (const node of target.querySelectorAll<ChartNode>("[data-chart]")) void draw(node);
  if (target instanceof HTMLDialogElement && !target.open) target.showModal();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const target = (event as CustomEvent).detail.target as HTMLElement;
  left = document.activeElement && target.contains(document.activeElement) ? nameOf(document.activeElement) : "";
  for (const node of target.querySelectorAll<ChartNode>(".js-plotly-plot")) (window as any).Plotly?.purge(node);
});
// A tab that nobody sees asks for nothing; it asks at once when it is seen again.
document.addEventListener("htmx:beforeRequest", (event) => {
  const element = (event as CustomEvent).detail.elt as HTMLElement;
  if (document.hidden && element.matches("[data-live]")) event.preventDefault();
});
// A panel that got no answer at all says so and can be asked again.
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout", "htmx:sendAbort"]) {
  document.addEventListener(failure, (event) => {
    const panel = ((event as CustomEvent).detail.elt as HTMLElement).closest<HTMLElement>("[data-panel]");
    const template = document.querySelector<HTMLTemplateElement>("#panel-failed");
    if (!panel || !template || panel.matches("[data-live]")) return;
    panel.replaceChildren(template.content.cloneNode(true));
    panel.querySelector("button")!.addEventListener("click", () => (window as any).htmx.trigger(panel, "retry"));
  });
}
// What is saved is what is seen: with the tabs that were opened since the page came.
document.addEventListener("submit", (event) => {
  const query = (event.target as HTMLFormElement).querySelector<HTMLInputElement>('input[type="hidden"][name="query"]');
  if (query && location.search) query.value = location.search.slice(1);
});
// A panel's form loads the page anew: back to the panel, not to the top.
document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const panel = form.closest<HTMLElement>("[data-panel][id]");
  if (!panel || form.method !== "get") return;
  const address = new URL(form.action);
  address.hash = panel.id;
  form.action = address.href;
});
// Panels above the one that the address names grow as they come: it is kept in sight until somebody moves.
let moved = false;
for (const move of ["wheel", "touchmove", "pointerdown", "keydown"]) addEventListener(move, () => (moved = true), { once: true, passive: true });
document.addEventListener("htmx:afterSettle", () => {
  if (!moved && location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
});
document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  if (target instanceof HTMLDialogElement) target.close();
  const wanted = target.closest<HTMLElement>("[data-png]");
  if (wanted) void picture(wanted);
});

/** A panel as a PNG; what makes it is fetched when it is wanted. */
async function picture(button: HTMLElement): Promise<void> {
  const panel = button.closest<HTMLElement>("[data-panel]")!;
  const heading = (panel.querySelector("h2")?.textContent || "panel").trim().toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 40);
  button.closest("details")!.open = false;
  const page = window as any;
  if (!page.footfallPng) {
    await new Promise((done) => {
      const script = scriptOf(document.querySelector<HTMLMetaElement>('meta[name="png"]')!.content);
      script.onload = script.onerror = done;
      document.head.append(script);
    });
  }
  await page.footfallPng?.(panel, `${button.dataset.png}-${heading}`);
}

/** A panel that takes long says so, and can be stopped. */
const SLOW = 4000;
const waiting = new WeakMap<Element, number>();
document.addEventListener("htmx:beforeRequest", (event) => {
  const panel = ((event as CustomEvent).detail.elt as HTMLElement).closest<HTMLElement>("[data-panel]");
  if (!panel || event.defaultPrevented) return;
  waiting.set(panel, window.setTimeout(() => {
    const note = document.createElement("p");
    note.className = "slow";
    note.setAttribute("role", "status");
    note.textContent = "This takes longer than usual. ";
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "button-link";
    stop.textContent = "Stop it";
    stop.addEventListener("click", () => (window as any).htmx.trigger(panel, "htmx:abort"));
    note.append(stop);
    panel.append(note);
  }, SLOW));
});
for (const end of ["htmx:afterRequest", "htmx:abort", "htmx:sendAbort"]) {
  document.addEventListener(end, (event) => {
    const panel = ((event as CustomEvent).detail.elt as HTMLElement)?.closest?.<HTMLElement>("[data-panel]");
    if (!panel) return;
    clearTimeout(waiting.get(panel));
    panel.querySelector(":scope > .slow")?.remove();
  });
}

// On paper a chart is as wide as its column: its picture scales, as the style sheet for print says.
addEventListener("beforeprint", () => {
  for (const picture of document.querySelectorAll<SVGSVGElement>(".js-plotly-plot .main-svg")) {
    const { width, height } = picture.getBoundingClientRect();
    if (width) picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }
});
addEventListener("afterprint", () => {
  for (const picture of document.querySelectorAll(".js-plotly-plot .main-svg")) picture.removeAttribute("viewBox");
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
new MutationObserver(drawAll).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
drawAll();
