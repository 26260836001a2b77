// The messages of the room that is open, oldest first.

import { atEnd, byId, make, post, toEnd } from "./dom.js";
import { bubble, draftBubble } from "./bubble.js";
import { openLink } from "./links.js";
import { toast } from "./popups.js";
import { showChips } from "./reactions.js";
import { currentRoom, keyOf, messagesOf, nameOf, on, roomKey, speaker, state } from "./store.js";

const list = byId("messages");
let acts = null;

// `composer`: reply(message, quote), edit(message), send(text).
export function startFeed(composer) {
  acts = {
    reply: (message) => composer.reply(message, quoteFrom(message)),
    edit: (message) => composer.edit(message),
    command: (text) => composer.send(text),
    react: (message, emoji) => act("react", { message_id: message.message_id, emoji }),
    pin: (message) => act(isPinned(message) ? "unpin" : "pin", { message_id: message.message_id }),
    jump,
    link: openLink,
    press,
  };
  list.addEventListener("click", (event) => touched(event.target.closest(".message")));
  on("room", showAll);
  on("message", ({ key, message, isNew }) => key === state.current && put(message, isNew));
  on("gone", ({ message }) => byId(`message-${message.message_id}`)?.remove());
  on("reactions", (message) => message && keyOf(message) === state.current && react(message));
  on("draft", ({ key, draft }) => key === state.current && showDraft(draft));
  on("membership", () => showEmpty());
}

// Where nothing hovers, a tap shows what can be done with a message.
function touched(item) {
  for (const other of list.querySelectorAll(".touched")) if (other !== item) other.classList.remove("touched");
  item?.classList.add("touched");
}

function showAll() {
  const room = currentRoom();
  byId("feed").setAttribute("aria-busy", "true"); // what was said before is not read out
  list.replaceChildren();
  if (!room) return;
  const done = new Set();
  for (const message of messagesOf(room.key)) {
    const group = message.media_group_id;
    if (group && done.has(group)) continue;
    done.add(group);
    beginDay(message);
    list.append(bubble(partsOf(message), room, acts));
  }
  for (const draft of room.chat.drafts) {
    if (roomKey(room.chat.info.id, draft.message_thread_id) === room.key) list.append(drafted(draft));
  }
  showEmpty();
  toEnd(list);
  requestAnimationFrame(() => byId("feed").removeAttribute("aria-busy"));
}

// The date over the first message of each day.
function beginDay(message) {
  const day = new Date(message.date * 1000).toDateString();
  const last = [...list.querySelectorAll(".day")].at(-1);
  if (last?.dataset.day !== day) {
    list.append(make("li", { class: "day", data: { day } }, make("span", {}, dayName(message.date))));
  }
}

function dayName(seconds) {
  const day = new Date(seconds * 1000);
  return day.toDateString() === new Date().toDateString() ? "Today" : day.toLocaleDateString([], { dateStyle: "medium" });
}

function partsOf(message) {
  if (!message.media_group_id) return [message];
  return messagesOf(keyOf(message)).filter((other) => other.media_group_id === message.media_group_id);
}

function put(message, isNew) {
  const room = currentRoom();
  const near = atEnd(list);
  const parts = partsOf(message);
  const item = bubble(parts, room, acts);
  const old = byId(`message-${parts[0].message_id}`);
  const mine = message.from.id === speaker(room).id;
  if (isNew && !mine) list.querySelector(".draft")?.remove();
  if (isNew && !list.querySelector(".draft")) beginDay(message);
  if (old) replace(old, item);
  else if (isNew) list.insertBefore(item, list.querySelector(".draft"));
  if (isNew && !old) item.classList.add("new");
  showEmpty();
  if (near || (isNew && mine)) toEnd(list);
  else if (isNew) byId("to-end").hidden = false;
}

const keysOf = (item) => [...item.querySelectorAll(".keyboard :is(a, button)")];

// A button that is pressed just now stays the same one; who pressed it by the keyboard finds it again where it changed.
function replace(old, item) {
  const [before, now] = [old, item].map((node) => node.querySelector(".keyboard")?.outerHTML);
  if (now && now === before) {
    for (const part of [".bubble", ".tools"]) old.querySelector(part).replaceWith(item.querySelector(part));
    return;
  }
  const at = keysOf(old).findIndex((key) => key.matches(":focus-visible"));
  old.replaceWith(item);
  keysOf(item)[at]?.focus();
}

const isPinned = (message) => currentRoom().chat.pinned.includes(message.message_id);

function react(message) {
  const near = atEnd(list);
  const item = byId(`message-${message.message_id}`);
  if (item) showChips(item, message, currentRoom(), acts);
  if (near) toEnd(list);
}

function drafted(draft) {
  return draftBubble(draft, async () => {
    list.querySelector(".draft")?.remove();
    const room = currentRoom();
    room.chat.drafts = [];
    await act("stop_draft", { draft_id: draft.draft_id });
  });
}

function showDraft(draft) {
  const near = atEnd(list);
  const old = list.querySelector(".draft");
  const item = drafted(draft);
  if (old?.dataset.draft === item.dataset.draft) old.querySelector(".bubble").replaceWith(item.querySelector(".bubble"));
  else if (old) old.replaceWith(item); // else Stop stays the same button, also for whoever presses it just now
  else list.append(item);
  showEmpty();
  if (near) toEnd(list);
}

function showEmpty() {
  const room = currentRoom();
  byId("empty").hidden = !room || messagesOf(room.key).length > 0 || room.chat.drafts.length > 0;
}

const gliding = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

export function jump(messageId) {
  const item = byId(`message-${messageId}`);
  if (!item) return toast("That message is not here.");
  item.scrollIntoView({ block: "center", behavior: gliding() });
  item.classList.remove("found");
  requestAnimationFrame(() => item.classList.add("found"));
  return null;
}

function quoteFrom(message) {
  const selection = getSelection();
  const within = byId(`message-${message.message_id}`)?.querySelector(".text");
  const chosen = String(selection).trim();
  const words = message.text ?? message.caption ?? "";
  return chosen && within?.contains(selection.anchorNode) && words.includes(chosen) ? chosen : null;
}

async function press(message, button, node) {
  node.classList.add("waiting");
  setTimeout(() => node.classList.remove("waiting"), 1500);
  await act("press", { message_id: message.message_id, button: button.callback_data ?? button.text });
}

// An act of whoever writes in the open room.
export async function act(name, body = {}) {
  const room = currentRoom();
  const user = speaker(room);
  try {
    return await post(`/control/${name}`, { user_id: user.id, chat_id: room.chat.info.id, ...body });
  } catch (error) {
    const isLost = error instanceof TypeError; // fetch's own
    toast(isLost ? "The demo does not answer: nothing was sent." : `${nameOf(user.id)} can't do that: ${error.message}`);
    return null;
  }
}

let follows = true; // the newest message stays in sight, however the room around it changes
list.addEventListener("scroll", () => {
  follows = atEnd(list);
  if (follows) byId("to-end").hidden = true;
}, { passive: true });
new ResizeObserver(() => { if (follows) toEnd(list); }).observe(list);
byId("to-end").addEventListener("click", () => list.scrollTo({ top: list.scrollHeight, behavior: gliding() }));
// A picture that has just been loaded makes its bubble taller.
list.addEventListener("load", () => { if (atEnd(list, 500)) toEnd(list); }, true);
