// What the bot answers to a pressed button: a toast or an alert; and the page's own short words.

import { byId } from "./dom.js";
import { on, nameOf } from "./store.js";

const SHOWN_MS = 4500;
let timer = 0;

export function toast(text) {
  const node = byId("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { node.hidden = true; }, SHOWN_MS);
}

export function startPopups() {
  on("popup", ({ user_id: userId, text, show_alert: isAlert }) => {
    document.querySelectorAll(".keyboard .waiting").forEach((node) => node.classList.remove("waiting"));
    if (!text) return;
    if (!isAlert) {
      toast(text);
      return;
    }
    const dialog = byId("alert");
    dialog.querySelector("h2").textContent = `For ${nameOf(userId)}`;
    dialog.querySelector("p").textContent = text;
    if (!dialog.open) dialog.showModal();
  });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  byId("viewer").addEventListener("click", () => byId("viewer").close());
}
