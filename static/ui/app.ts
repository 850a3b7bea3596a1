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
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
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
    getSelection()?.selectAllChildren(button.parentElement!.querySelector("pre")!);
    button.textContent = "Press Ctrl+C";
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
