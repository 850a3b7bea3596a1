/* select[data-combo] becomes a field that searches its options. The select stays, unseen, and keeps the value. */
const MOST = 700;

class Combo {
  private input = document.createElement("input");
  private list = document.createElement("ul");
  private shown: HTMLOptionElement[] = [];
  private at = 0;

  constructor(private select: HTMLSelectElement) {
    const box = document.createElement("div");
    box.className = "combo";
    select.replaceWith(box);
    box.append(select, this.input, this.list);
    this.dress();
    this.input.addEventListener("click", () => { this.input.select(); this.open(""); });
    this.input.addEventListener("input", () => this.open(this.input.value));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => this.pick(event));
  }

  private get chosen(): HTMLOptionElement | undefined {
    return this.select.selectedOptions[0];
  }

  private dress(): void {
    const { id } = this.select;
    Object.assign(this.list, { id: `${id}_list`, className: "combo-list", hidden: true, role: "listbox" });
    this.list.setAttribute("aria-label", "Choices");
    Object.assign(this.input, { id, className: "select", autocomplete: "off", spellcheck: false, role: "combobox" });
    this.input.setAttribute("aria-expanded", "false");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-controls", this.list.id);
    for (const name of ["aria-describedby", "aria-invalid"]) {
      const value = this.select.getAttribute(name);
      if (value) this.input.setAttribute(name, value);
    }
    this.select.id = `${id}_select`;
    this.select.hidden = true;
    this.input.value = this.chosen?.text ?? "";
  }

  private open(text: string): void {
    const words = plain(text).split(/[\s/]+/).filter(Boolean);
    const fits = (option: HTMLOptionElement) => words.every((word) => plain(`${option.text} ${option.value}`).includes(word));
    this.shown = [...this.select.options].filter(fits).slice(0, MOST);
    const before = this.chosen ? this.shown.indexOf(this.chosen) : 0;
    this.at = text ? 0 : Math.max(0, before);
    this.list.replaceChildren(...this.shown.map((option, index) => this.item(option, index)));
    this.list.hidden = !this.shown.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.mark(0);
  }

  private item(option: HTMLOptionElement, index: number): HTMLLIElement {
    const item = document.createElement("li");
    Object.assign(item, { textContent: option.text, id: `${this.list.id}_${index}`, role: "option" });
    item.dataset.index = String(index);
    return item;
  }

  private mark(step: number): void {
    this.list.children[this.at]?.removeAttribute("aria-selected");
    this.at = (this.at + step + this.shown.length) % (this.shown.length || 1);
    const item = this.list.children[this.at];
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", item?.id ?? "");
  }

  private key(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      if (this.list.hidden) this.open("");
      else this.mark(step);
    } else if (event.key === "Enter" && !this.list.hidden) {
      event.preventDefault();
      this.choose(this.at);
    } else if (event.key === "Escape") {
      this.close();
    }
  }

  private pick(event: MouseEvent): void {
    event.preventDefault(); // the field keeps the focus
    const item = (event.target as Element).closest<HTMLElement>("[data-index]");
    if (item) this.choose(Number(item.dataset.index));
  }

  private choose(index: number): void {
    const option = this.shown[index];
    if (option) this.select.value = option.value;
    this.close();
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.input.value = this.chosen?.text ?? "";
  }
}

/** "sao p" finds São Paulo, "new york" finds New_York. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/_/g, " ").toLowerCase();
}

export function makeCombos(): void {
  for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-combo]")) new Combo(select);
}
