/* Small habits of all pages. Everything works without them; they make it quicker. */
import "./dashboard";
import { makeCombos } from "./parts/combo";
import { makePasswordsVisible } from "./parts/passwords";

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const copy = target.closest<HTMLElement>("[data-copy]");
  if (copy) void copyText(copy);
  target.closest("[data-dismiss]")?.closest(".toast")?.remove();
  if (target.closest("[data-theme-switch]")) switchTheme();
  if (target.closest("[data-print]")) { target.closest("details")!.open = false; print(); }
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

// Where one stands is seen in a menu that does not fit the window.
const here = document.querySelector<HTMLElement>(".nav a[aria-current]");
if (here?.parentElement) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;

document.addEventListener("keydown", (event) => {
  const menu = (event.target as Element).closest?.<HTMLDetailsElement>("details.menu");
  if (event.key === "Escape") {
    for (const open of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      open.open = false;
      open.querySelector("summary")?.focus();
    }
  } else if (menu && ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
    walk(menu, event);
  }
});

/** Arrows go from entry to entry of a menu, and open it; fields keep their own arrows. */
function walk(menu: HTMLDetailsElement, event: KeyboardEvent): void {
  const from = event.target as HTMLElement;
  if (from.matches("input, select, textarea")) return;
  event.preventDefault();
  const down = event.key === "ArrowDown" || event.key === "Home";
  menu.open = true;
  const all = [...menu.querySelectorAll<HTMLElement>(".menu-panel :is(a, button, input:not([type=hidden]), select)")].filter((one) => one.offsetParent);
  const at = all.indexOf(from);
  const next = event.key === "Home" || (at < 0 && down) ? 0 : event.key === "End" || at < 0 ? all.length - 1 : at + (down ? 1 : -1);
  all[(next + all.length) % all.length]?.focus();
}

// Who tabs out of a menu leaves it.
document.addEventListener("focusout", (event) => {
  const menu = (event.target as Element).closest?.<HTMLDetailsElement>("details.menu[open]");
  const to = (event as FocusEvent).relatedTarget as Node | null;
  if (menu && to && !menu.contains(to)) menu.open = false;
});

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  const question = form.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

document.addEventListener("change", (event) => (event.target as HTMLSelectElement).form?.classList.add("changed"));

async function copyText(button: HTMLElement): Promise<void> {
  const text = button.dataset.copy!;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no https: select it, so that one key copies it
    const shown = button.parentElement!.querySelector("pre");
    if (shown) {
      getSelection()?.selectAllChildren(shown);
      button.textContent = "Press Ctrl+C";
    } else {
      prompt("Copy this:", text);
    }
    return;
  }
  const label = button.textContent;
  button.textContent = "Copied";
  button.dataset.done = "";
  setTimeout(() => { button.textContent = label; delete button.dataset.done; }, 2000);
}

function switchTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("footfall-theme", root.dataset.theme); } catch { /* it holds for this page */ }
}

const zoned = document.querySelector("[data-browser-zone] select[name=timezone]") as HTMLSelectElement | null;
if (zoned) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...zoned.options].some((option) => option.value === zone)) zoned.value = zone;
}
makeCombos();
makePasswordsVisible();
