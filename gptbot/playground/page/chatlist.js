// The list on the left: who you can be, and where. Arrow keys move in it.

import { avatar, byId, clock, make } from "./dom.js";
import { hueOf, summary } from "./bubble.js";
import { isBot, keyOf, messagesOf, on, open, rooms, state } from "./store.js";

const list = byId("rooms");
const kept = new Map(); // what is shown, by its key: what is pressed or has the focus must stay the same node
const SOON_MS = 30;
let about = { admin_id: 0 };
let soon = null;

export function startList(chosen) {
  on("list", showSoon);
  on("room", show);
  on("action", showSoon);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && state.unread.delete(state.current)) show();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const entries = [...list.querySelectorAll("button")];
    entries[(entries.indexOf(document.activeElement) + step + entries.length) % entries.length].focus();
  });
  list.addEventListener("click", (event) => {
    const entry = event.target.closest("button");
    if (!entry) return;
    open(entry.dataset.room);
    chosen();
  });
  on("inside-all", (all) => { about = all.about; show(); });
}

// An announcement to hundreds changes it hundreds of times: it is drawn once for all that came together.
function showSoon() {
  soon ??= setTimeout(show, SOON_MS);
}

function show() {
  clearTimeout(soon);
  soon = null;
  const focused = document.activeElement?.dataset?.room;
  const found = rooms();
  const entries = [heading("You are …"), ...found.filter((room) => room.isPrivate).map(entry)];
  for (const group of new Set(found.filter((room) => !room.isPrivate).map((room) => room.group))) {
    entries.push(heading(`Group: ${group}`), ...found.filter((room) => room.group === group).map(entry));
  }
  if (entries.length !== list.children.length || entries.some((node, at) => node !== list.children[at])) {
    list.replaceChildren(...entries);
    if (focused) list.querySelector(`[data-room="${focused}"]`)?.focus();
  }
  const unread = [...state.unread.values()].reduce((sum, count) => sum + count, 0);
  document.title = unread ? `(${unread}) gptbot playground` : "gptbot playground";
}

function keep(key, made) {
  if (!kept.has(key)) kept.set(key, made());
  return kept.get(key);
}

const heading = (words) => keep(words, () => make("li", { class: "heading" }, words));

function entry(room) {
  const last = messagesOf(room.key).at(-1);
  const unread = state.unread.get(room.key) ?? 0;
  const isAdmin = room.isPrivate && room.chat.info.id === about.admin_id;
  const name = make("span", { class: "name" }, room.title, isAdmin && make("small", { class: "tag" }, "admin"));
  const picture = room.isPrivate ? avatar(room.title, hueOf(room.chat.info.id)) : topicMark(room);
  const item = keep(room.key, () => make("li", {}, make("button", {
    type: "button", class: "room", data: { room: room.key, testid: `room-${room.title}` },
  })));
  const button = item.firstChild;
  if (room.key === state.current) button.setAttribute("aria-current", "true");
  else button.removeAttribute("aria-current");
  button.ariaLabel = `${room.title}${unread ? `, ${unread} unread` : ""}`;
  button.replaceChildren(picture, make("span", { class: "lines" },
    make("span", { class: "first" }, name, last && make("time", {}, clock(last.date))),
    make("span", { class: "second" }, make("span", { class: "preview" }, preview(room, last)),
      unread > 0 && make("span", { class: "unread", data: { testid: "unread" } }, `${unread}`))));
  return item;
}

function topicMark(room) {
  const node = avatar(room.thread ? "#" : room.group, hueOf(room.chat.info.id) + (room.thread ? 90 : 0));
  node.classList.add("square");
  return node;
}

function preview(room, last) {
  const { action } = room.chat;
  if (action && Date.now() - action.at < 5000 && (!last || keyOf(last) === room.key) && room.isPrivate) return "typing…";
  if (room.chat.blocked) return "has blocked the bot";
  if (!last) return room.chat.started ? "No messages yet" : "Has not pressed Start yet";
  const who = isBot(last.from) ? "" : `${room.isPrivate ? "You" : last.from.first_name}: `;
  return `${who}${summary(last)}`;
}
