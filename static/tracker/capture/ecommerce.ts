/** Shop events from attributes in the HTML, from our data layer, and from the one that GA4's tags use. */
import type { Core } from "../main";
import { targetOf } from "./element";
import { readLayer } from "./layer";

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase()).replace(/^_/, "");

const GA4: Record<string, string> = {
  view_item: "product_view",
  add_to_cart: "add_to_cart",
  remove_from_cart: "remove_from_cart",
  begin_checkout: "checkout_start",
  purchase: "purchase",
  refund: "refund",
};

/** data-footfall-prop-product-id="42" -> product_id: "42" */
function propertiesOf(element: HTMLElement): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(element.dataset)) {
    const match = /^footfallProp([A-Z].*)$/.exec(name);
    if (match) found[snake(match[1]!)] = value;
  }
  return found;
}

const productOf = (item: any) => ({
  product_id: item.item_id != null ? String(item.item_id) : undefined,
  product_name: item.item_name,
  product_category: item.item_category,
  price: item.price,
  quantity: item.quantity,
});

export function ecommerce(core: Core): void {
  const { listen, track, hook, guarded, setVariants } = core;
  const send = (element: HTMLElement) => track(element.dataset.footfallEvent!, propertiesOf(element));

  listen(document, "click", (event) => {
    const element = targetOf(event)?.closest<HTMLElement>("[data-footfall-event]:not(form):not([data-footfall-on=view])");
    if (element) send(element);
  });
  listen(document, "submit", ({ target }) => target.matches("form[data-footfall-event]") && send(target));

  const seen = new WeakSet<Element>();
  const observer =
    window.IntersectionObserver &&
    new IntersectionObserver(
      guarded((entries: IntersectionObserverEntry[]) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          observer.unobserve(target);
          send(target as HTMLElement);
        }
      }),
      { threshold: 0.5 },
    );
  const look = guarded(() => {
    document.querySelectorAll<HTMLElement>("[data-footfall-variant]").forEach((one) => setVariants(one.dataset.footfallVariant));
    for (const one of document.querySelectorAll<HTMLElement>("[data-footfall-product],[data-footfall-on=view]")) {
      if (seen.has(one)) continue;
      seen.add(one);
      const product_id = one.dataset.footfallProduct;
      if (product_id) track("product_view", { product_id, ...propertiesOf(one) });
      else observer?.observe(one);
    }
  });
  hook((what) => what == "open" && setTimeout(look, 300)); // an app draws its page after it has changed the address
  look();
  listen(document, "DOMContentLoaded", look);

  readLayer(core, "footfallLayer", ({ event, ...properties }) => event && track(String(event), properties));
  readLayer(core, "dataLayer", (item) => {
    const isCall = item && item[0] == "event"; // gtag("event", name, parameters)
    const name = GA4[isCall ? item[1] : item?.event];
    const told = isCall ? item[2] : item?.ecommerce;
    if (!name || !told) return;
    const items: any[] = told.items || [];
    if (name == "purchase" || name == "refund") {
      track(name, {
        order_id: told.transaction_id != null ? String(told.transaction_id) : undefined,
        revenue: told.value,
        currency: told.currency,
        tax: told.tax,
        shipping: told.shipping,
        coupon: told.coupon,
        products: items.map(productOf),
      });
    } else if (name == "checkout_start") {
      track(name, { cart_items: items.length, total_value: told.value, currency: told.currency });
    } else for (const one of items) track(name, { ...productOf(one), currency: told.currency });
  });
}
