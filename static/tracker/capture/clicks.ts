import type { Core } from "../main";
import { controlOf, describe, positionOf, targetOf } from "./element";

export function clicks({ listen, track }: Core): void {
  listen(document, "click", (event: MouseEvent) => {
    const met = targetOf(event);
    if (!met) return;
    const element = controlOf(met);
    track("click", { element: describe(element), position: positionOf(event, element) });
  });
}
