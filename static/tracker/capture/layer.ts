/** Data layers: arrays that a page pushes to, before or after this script has come. */
import type { Core } from "../main";

const watched = new Set<string>();
const readers: [string, (item: any) => void][] = [];

export function readLayer({ guarded }: Core, name: string, read: (item: any) => void): void {
  const reader = guarded(read);
  readers.push([name, reader]);
  const layer: any[] = ((window as any)[name] ||= []);
  for (const item of layer.slice()) reader(item);
  if (watched.has(name)) return;
  watched.add(name);
  const push = layer.push;
  layer.push = function (this: any[], ...items: any[]) {
    const length = push.apply(this, items);
    for (const item of items) for (const [of, one] of readers) if (of == name) one(item);
    return length;
  };
}
