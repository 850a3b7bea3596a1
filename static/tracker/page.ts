/** The page that events are about now. */
export interface Page {
  url: string;
  title: string;
  referrer?: string;
}

export let page: Page;

export function setPage(referrer?: string): void {
  page = { url: location.href, title: document.title, referrer: referrer || undefined };
}

/**
 * Single-page apps set the title after they have changed the address. The events of a page share this one object, so
 * that the title read when they are sent, or when the page is left, is right for all of them.
 */
export function refreshTitle(): void {
  page.title = document.title;
}
