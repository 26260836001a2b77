// The bar of pinned messages above the others: a press shows the message, and the bar goes on to the one before it.

import { byId, make } from "./dom.js";
import { pinLabel, summary } from "./bubble.js";
import { act, jump } from "./feed.js";
import { currentRoom, keyOf, on } from "./store.js";

const STEPS_MAX = 8; // more would be too small to be seen
let shownId = null; // the newest one when this is not pinned here

export function startPinned() {
  on("room", show);
  on("pins", () => { shownId = null; show(); });
  on("message", show);
  byId("pinned-show").addEventListener("click", () => {
    const all = pinned();
    const at = place(all);
    jump(all[at].message_id);
    shownId = all[(at - 1 + all.length) % all.length].message_id;
    show();
  });
  byId("unpin").addEventListener("click", async () => {
    const all = pinned();
    await act("unpin", { message_id: all[place(all)].message_id });
    if (byId("pinned").hidden) byId("text").focus();
  });
}

// Those of the open room, oldest first.
function pinned() {
  const room = currentRoom();
  const found = room?.chat.pinned.map((id) => room.chat.messages.get(id)) ?? [];
  return found.filter((message) => message && keyOf(message) === room.key);
}

function place(all) {
  const at = all.findIndex((message) => message.message_id === shownId);
  return at < 0 ? all.length - 1 : at;
}

function show() {
  const all = pinned();
  byId("pinned").hidden = !all.length;
  for (const button of document.querySelectorAll("#messages .pin")) {
    pinLabel(button, all.some((message) => message.message_id === Number(button.dataset.id)));
  }
  if (!all.length) return;
  const at = place(all);
  const title = all.length > 1 ? `Pinned message ${at + 1} of ${all.length}` : "Pinned message";
  const steps = all.length > STEPS_MAX ? [make("i", { class: "on" })] : all.map((_, index) => make("i", { class: index === at && "on" }));
  byId("pinned-steps").replaceChildren(...steps);
  byId("pinned-title").textContent = title;
  byId("pinned-words").textContent = summary(all[at]);
}
