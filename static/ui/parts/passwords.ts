/* Typing a password is easier when it can be seen. */
export function makePasswordsVisible(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>("input[type=password]")) {
    const box = document.createElement("div");
    box.className = "password";
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "Show" });
    button.setAttribute("aria-label", "Show the password");
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const seen = input.type === "password";
      input.type = seen ? "text" : "password";
      button.textContent = seen ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(seen));
    });
    const focused = input === document.activeElement;
    input.replaceWith(box);
    box.append(input, button);
    if (focused) input.focus();
  }
}
