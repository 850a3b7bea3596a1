/** How an element is told in an event: enough to find it again, nothing that somebody typed. */
const IGNORED = "[data-footfall-ignore]";
const MASKED = "[data-footfall-mask],input,textarea,select,[contenteditable]";
const CONTROL = "a,button,input,select,textarea,label,summary,[role=button],[role=link],[role=tab],[role=menuitem],[onclick]";
const NAMED = "a,button,label,summary,[role=button],[role=link],[role=tab],[role=menuitem]";
const HOOKS = ["data-testid", "data-test", "data-qa", "name"];

/** What was really met, seen through the shadow DOM of web components; undefined where nothing is to be told. */
export function targetOf(event: Event): Element | undefined {
  const met = (event.composedPath()[0] || event.target) as Element;
  const element = met && met.nodeType == 3 ? met.parentElement! : met;
  return element && element.closest && !element.closest(IGNORED) ? element : undefined;
}

export const controlOf = (element: Element): Element => element.closest(CONTROL) || element;

/** Without e-mail addresses and long numbers. */
export const clean = (text: string | null | undefined, length = 80): string =>
  (text || "")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[^\s@]+@[^\s@]+\.[^\s@]+/g, "*")
    .replace(/\d[\d -]{2,}\d/g, "*")
    .slice(0, length);

export const withoutQuery = (address: string): string => address.split(/[?#]/)[0]!;

/** An id that somebody wrote, and no framework counted. */
const stable = (id: string): boolean => /^[a-z][\w-]{0,40}$/i.test(id) && !/\d{3}|[0-9a-f]{8}/i.test(id);

function step(element: Element): string {
  const tag = element.localName;
  for (const name of HOOKS) {
    const value = element.getAttribute(name);
    if (value && stable(value)) return `${tag}[${name}=${value}]`;
  }
  const alike = element.parentElement ? [...element.parentElement.children].filter((other) => other.localName == tag) : [];
  return alike.length > 1 ? `${tag}:nth-of-type(${alike.indexOf(element) + 1})` : tag;
}

/** The same for everybody and after a reload: from an id or a name that was given, at most five levels down. */
export function selectorOf(element: Element): string {
  const parts: string[] = [];
  for (let at: Element | null = element; at && at.localName != "body" && parts.length < 5; at = at.parentElement) {
    if (stable(at.id)) {
      parts.unshift("#" + at.id);
      break;
    }
    parts.unshift(step(at));
  }
  return parts.join(" > ");
}

const MOST_LEVELS = 8;
const MOST_CLASSES = 6;

/** Tag, id and classes of an element and what it lies in, as in "main>div.card.wide>button#buy.cta": analytics/saved/css.py
 *  finds CSS selectors in it. Classes are sorted; the signs that part them become "_". */
export function pathOf(element: Element): string {
  const word = (text: string) => text.slice(0, 40).replace(/[.#>]/g, "_");
  const parts: string[] = [];
  for (let at: Element | null = element; at && at.localName != "html" && parts.length < MOST_LEVELS; at = at.parentElement) {
    const classes = [...at.classList].map(word).sort().slice(0, MOST_CLASSES);
    parts.unshift([at.localName + (stable(at.id) ? "#" + at.id : ""), ...classes].join("."));
  }
  return parts.join(">").slice(-500);
}

export function describe(element: Element): object {
  const { href } = (element.closest("a[href]") || {}) as HTMLAnchorElement;
  const named = element.closest(NAMED);
  return {
    id: element.id || undefined,
    class: (element.getAttribute("class") || "").slice(0, 100) || undefined,
    tag: element.localName,
    text: (named && !element.closest(MASKED) && clean(named.textContent)) || undefined,
    href: typeof href == "string" ? withoutQuery(href) : undefined,
    selector: selectorOf(element),
    path: pathOf(element),
  };
}

export function positionOf(event: MouseEvent, element: Element): object {
  const box = element.getBoundingClientRect();
  const share = (at: number, size: number) => Math.round(Math.min(1, Math.max(0, at / (size || 1))) * 1e3) / 1e3;
  const { clientX, clientY, pageX, pageY } = event;
  return {
    x: Math.round(pageX),
    y: Math.round(pageY),
    viewport_x: Math.round(clientX),
    viewport_y: Math.round(clientY),
    page_width: document.documentElement.scrollWidth,
    page_height: document.documentElement.scrollHeight,
    relative_x: share(clientX - box.left, box.width),
    relative_y: share(clientY - box.top, box.height),
  };
}
