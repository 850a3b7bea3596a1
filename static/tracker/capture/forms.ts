/** Forms: started, sent, left; how long each field took. Lengths are compared, values are never kept. */
import type { Core } from "../main";
import { clean, targetOf } from "./element";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

interface Field {
  name: string;
  type: string;
  time_ms: number;
  hesitation_ms?: number;
  corrections: number;
  filled: boolean;
}
interface Started {
  at: number;
  fields: Map<Control, Field>;
  last: string;
  failed: Set<string>; // names of fields that did not pass the browser's validation
}

const MOST = 40; // fields

export const isControl = (element?: Element): element is Control =>
  !!element && /^(input|textarea|select)$/.test(element.localName) && !/^(submit|button|image|reset|hidden)$/.test((element as Control).type);

const isSecret = (control: Control): boolean => control.type == "password" || /^cc-/.test(control.autocomplete || "");

/** A field's name, which for passwords and cards says nothing. */
export const nameOf = (control: Control): string =>
  isSecret(control) ? "" : clean(control.name || control.id || control.getAttribute("aria-label"), 64);

export const isFilled = (control: Control): boolean =>
  /^(checkbox|radio)$/.test(control.type) ? (control as HTMLInputElement).checked : control.value != "";

export const formOf = (form: HTMLFormElement): { form_id?: string; form_name?: string } => ({
  form_id: form.getAttribute("id") || undefined,
  form_name: clean(form.getAttribute("name") || form.getAttribute("aria-label"), 64) || undefined,
});

export function forms({ listen, track, hook }: Core): void {
  const open = new Map<HTMLFormElement, Started>();
  const focused = new WeakMap<Control, number>();
  const lengths = new WeakMap<Control, number>();

  function started(form: HTMLFormElement): Started {
    let found = open.get(form);
    if (!found) {
      found = { at: performance.now(), fields: new Map(), last: "", failed: new Set() };
      open.set(form, found);
      track("form_start", formOf(form));
    }
    return found;
  }

  function fieldOf(event: Event): [Control, Field] | [] {
    const control = targetOf(event);
    if (!isControl(control) || !control.form) return [];
    const form = started(control.form);
    let field = form.fields.get(control);
    if (!field) {
      if (form.fields.size >= MOST) return [];
      field = { name: nameOf(control), type: control.type, time_ms: 0, corrections: 0, filled: false };
      form.fields.set(control, field);
    }
    form.last = field.name || field.type;
    return [control, field];
  }

  listen(document, "focusin", (event) => {
    const [control] = fieldOf(event);
    if (control) focused.set(control, performance.now());
  });
  listen(document, "focusout", (event) => {
    const [control, field] = fieldOf(event);
    const since = control && focused.get(control);
    if (!since) return;
    field!.time_ms += Math.round(performance.now() - since);
    focused.delete(control!);
  });
  listen(document, "input change", (event) => {
    const [control, field] = fieldOf(event);
    if (!control) return;
    field!.hesitation_ms ??= Math.round(performance.now() - (focused.get(control) || performance.now()));
    const length = control.value.length;
    if (length < (lengths.get(control) || 0)) field!.corrections++;
    lengths.set(control, length);
    field!.filled = isFilled(control);
  });
  listen(document, "invalid", (event) => {
    const control = targetOf(event);
    if (isControl(control) && control.form) started(control.form).failed.add(nameOf(control) || control.type);
  });
  listen(document, "submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.closest("[data-footfall-ignore]")) return;
    const { at, fields, failed } = started(form);
    open.delete(form);
    track("form_submit", {
      ...formOf(form),
      validation_errors: { count: failed.size, fields: [...failed] },
      submission_time: Math.round(performance.now() - at),
      fields: [...fields.values()],
    });
  });
  hook((what, gone) => {
    if (what != "leave" || !gone) return;
    for (const [form, { fields, last }] of open) {
      track("form_abandon", { ...formOf(form), last_field: last, fields: [...fields.values()] });
    }
    open.clear();
  });
}

export function inputs({ listen, track }: Core): void {
  listen(document, "change", (event) => {
    const control = targetOf(event);
    if (!isControl(control)) return;
    track("input_change", {
      field_name: nameOf(control),
      field_type: control.type,
      has_value: isFilled(control),
      form_id: control.form?.getAttribute("id") || undefined,
    });
  });
}
