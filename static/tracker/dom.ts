/** Runs `work` so that no failure of ours ever reaches the host page. */
export function guarded<A extends unknown[]>(work: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      work(...args);
    } catch {
      // The page matters more than the count of it.
    }
  };
}

/** Listens in the capture phase, so that a page's stopPropagation hides nothing, and passively, so that it never delays. */
export function listen(target: EventTarget, types: string, work: (event: any) => void): void {
  for (const type of types.split(" ")) {
    target.addEventListener(type, guarded(work), { capture: true, passive: true });
  }
}

export const visible = (): boolean => document.visibilityState == "visible";
