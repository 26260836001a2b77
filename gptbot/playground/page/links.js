// Links into this Telegram: t.me/<bot>?start=<id> joins, t.me/share passes a link on. Nothing of it leaves the page.

import { avatar, byId, make, post } from "./dom.js";
import { hueOf } from "./bubble.js";
import { open, roomKey, state } from "./store.js";

// Handles a click on `url` when it leads into this Telegram; others open as links do.
export function openLink(event, url) {
  const payload = startPayload(url);
  if (payload === null) return;
  event.preventDefault();
  event.stopPropagation();
  choosePerson(payload);
}

function startPayload(url) {
  let link;
  try {
    link = new URL(url);
  } catch {
    return null;
  }
  if (link.hostname !== "t.me") return null;
  if (link.pathname === "/share/url") return startPayload(link.searchParams.get("url") ?? "");
  const isBot = link.pathname.slice(1).toLowerCase() === state.me.username.toLowerCase();
  return isBot ? (link.searchParams.get("start") ?? "") : null;
}

function choosePerson(payload) {
  const dialog = byId("who");
  const people = [...state.users.values()].map((user) => make("button", {
    type: "button", data: { testid: `open-as-${user.first_name}` },
    onclick: () => { dialog.close(); start(user.id, payload); },
  }, avatar(user.first_name, hueOf(user.id)), user.first_name));
  dialog.querySelector(".people").replaceChildren(...people);
  dialog.showModal();
}

// Presses Start, through somebody's link if `payload` says so.
export async function start(userId, payload = "") {
  open(roomKey(userId));
  const text = payload ? `/start ${payload}` : "/start";
  await post("/control/send_text", { user_id: userId, chat_id: userId, text });
}
