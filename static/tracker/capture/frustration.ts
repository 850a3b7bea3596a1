/** Rage and dead clicks (docs/numbers.md has the definitions). */
import type { Core } from "../main";
import { controlOf, describe, positionOf, targetOf } from "./element";
import { watchNetwork } from "./network";

const RAGE = 3; // clicks
const WITHIN = 1000; // ms
const NEAR = 30; // px
const DEAD = 2500; // ms
const TYPED = "input,textarea,select,option,[contenteditable],label";
const REPEATED =
  `${TYPED},[data-footfall-no-rage],.footfall-no-rage,[role=slider],[role=spinbutton],` +
  "[class*=carousel i],[class*=slider i],[class*=swiper i],[class*=stepper i],[class*=pagination i]";
const STEP = /^(next|prev(ious)?|forward|back|more|less|[+\-−–‹›«»<>←→↑↓▲▼◀▶])$/i;
const ELSEWHERE = "a[download],a[target=_blank],a[href^='mailto:'],a[href^='tel:'],video,audio,[data-footfall-no-dead]";

interface Click {
  at: number;
  x: number;
  y: number;
  element: Element;
}

const isStep = (element: Element): boolean =>
  STEP.test((element.textContent || "").trim()) || STEP.test(element.getAttribute("aria-label") || "");

const isSelecting = (): boolean => !!String(getSelection()).trim();

function watchRage({ listen, track }: Core): void {
  let recent: Click[] = [];
  listen(document, "click", (event: MouseEvent) => {
    const met = targetOf(event);
    if (!met || met.closest(REPEATED) || isStep(controlOf(met)) || isSelecting()) return;
    const click = { at: performance.now(), x: event.clientX, y: event.clientY, element: met };
    const alike = ({ at, x, y, element }: Click) =>
      click.at - at <= WITHIN && (element == met || Math.hypot(x - click.x, y - click.y) <= NEAR);
    recent = recent.filter(alike).concat(click);
    if (recent.length < RAGE) return;
    recent = [];
    const element = controlOf(met);
    track("rage_click", { element: describe(element), position: positionOf(event, element), clicks: RAGE });
  });
}

function watchDead(core: Core): void {
  const { listen, track, guarded } = core;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const observer = new MutationObserver(() => alive());
  const alive = () => {
    clearTimeout(timer);
    observer.disconnect();
    timer = undefined;
  };
  listen(window, "scroll pagehide popstate hashchange submit", alive);
  listen(document, "focusin focusout visibilitychange", alive);
  listen(document, "selectionchange", () => isSelecting() && alive()); // a click on plain text only moves the caret
  core.hook((what) => what != "event" && alive());
  watchNetwork(core, { started: alive });

  listen(document, "click", (event: MouseEvent) => {
    alive(); // of several clicks the last one is watched
    const met = targetOf(event);
    if (!met || met.closest(`${TYPED},${ELSEWHERE}`)) return;
    const element = controlOf(met);
    const about = { element: describe(element), position: positionOf(event, element) };
    const at = Date.now();
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    timer = setTimeout(
      guarded(() => {
        alive();
        track("dead_click", about, at);
      }),
      DEAD,
    );
  });
}

export function frustration(core: Core): void {
  watchRage(core);
  watchDead(core);
}
