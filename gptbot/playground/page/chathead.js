// Above the messages: who you are and what the bot does just now; and what an empty chat says.

import { avatar, byId, make, post, refill } from "./dom.js";
import { hueOf } from "./bubble.js";
import { start } from "./links.js";
import { currentRoom, messagesOf, nameOf, on, roomKey, speakAs, speaker, state } from "./store.js";

const ACTION_SHOWN_MS = 5500;
const ACTIONS = {
  typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…",
  record_voice: "recording a voice message…", upload_voice: "sending a voice message…",
};
let timer = 0;

export function startHead() {
  for (const type of ["room", "membership", "message"]) on(type, show);
  on("action", showStatus);
  byId("speakers").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...byId("speakers").children];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  on("message", showStatus);
  byId("block").addEventListener("click", async () => {
    const { chat } = currentRoom();
    await post(`/control/${chat.blocked ? "unblock" : "block"}`, { user_id: chat.info.id });
  });
}

function show() {
  const room = currentRoom();
  if (!room) return;
  const { chat } = room;
  byId("chat-avatar").replaceChildren(avatar(room.isPrivate ? state.me.first_name : room.group, room.isPrivate ? 210 : hueOf(chat.info.id)));
  byId("chat-title").textContent = room.isPrivate ? state.me.first_name : `${room.group} › ${room.title}`;
  byId("you-are").hidden = !room.isPrivate;
  byId("you-are").textContent = `You are ${nameOf(chat.info.id)}`;
  showSpeakers(room);
  byId("block").hidden = !room.isPrivate || !chat.started;
  byId("block").textContent = chat.blocked ? "Unblock the bot" : "Block the bot";
  byId("chat").classList.toggle("blocked", chat.blocked);
  const closed = chat.blocked || (room.isPrivate && !chat.started);
  byId("composer").hidden = closed;
  byId("closed").hidden = !closed;
  if (closed) showClosed(room);
  showEmptyWords(room);
  showStatus();
}

function showSpeakers(room) {
  const box = byId("speakers");
  box.hidden = room.isPrivate;
  if (room.isPrivate) return;
  const { members } = room.chat;
  const chosen = speaker(room).id;
  refill(box, [room.key, members, chosen], () => members.map((userId) => make("button", {
    type: "button", role: "radio", "aria-checked": String(userId === chosen),
    data: { testid: `as-${nameOf(userId)}` }, onclick: () => speakAs(currentRoom(), userId),
  }, nameOf(userId))));
}

// Instead of the field: Start, or Unblock.
function showClosed(room) {
  const userId = room.chat.info.id;
  const box = byId("closed");
  if (room.chat.blocked) {
    refill(box, [userId, "blocked"], () => [make("button", {
      type: "button", class: "big", data: { testid: "unblock" },
      onclick: () => post("/control/unblock", { user_id: userId }),
    }, "Unblock the bot")]);
    return;
  }
  const friends = [...state.chats.values()]
    .filter((chat) => chat.info.type === "private" && chat.info.id !== userId && said(chat));
  refill(box, [userId, friends.map((chat) => chat.info.id)], () => [
    make("button", { type: "button", class: "big", data: { testid: "start" }, onclick: () => start(userId) }, "Start"),
    ...friends.map((chat) => make("button", {
      type: "button", class: "big second", data: { testid: `join-${chat.info.first_name}` },
      onclick: () => start(userId, chat.info.id),
    }, `Join through ${chat.info.first_name}’s link`)),
  ]);
}

// Whether this person has written to the bot: before, there is no link of theirs.
const said = (chat) => messagesOf(roomKey(chat.info.id)).some((message) => message.from.id === chat.info.id);

const EMPTY = {
  stranger: [
    "What can this bot do?",
    "Ask me anything. Reply to an answer to go on with it, reply to an older one to take another way. I read photos, files and voice, and I draw.",
    "This is what people see who open the chat with your bot for the first time.",
  ],
  known: [
    "Nothing here yet",
    "As the admin you get a feed of every question here, and /data, /refill, /block, /announce, /status.",
    "Start as Alice first, or write /start.",
  ],
  group: [
    "The bot is in this group",
    "It answers commands, replies to its own messages, and whoever names it. To everything else it listens in silence.",
    "Choose below who writes.",
  ],
};

function showEmptyWords(room) {
  const kind = !room.isPrivate ? "group" : room.chat.started ? "known" : "stranger";
  const [title, words, hint] = EMPTY[kind];
  byId("empty-title").textContent = title;
  byId("empty-words").textContent = kind === "group" ? words.replace("names it", `names it (@${state.me.username})`) : words;
  byId("empty-hint").textContent = hint;
}

function showStatus() {
  const room = currentRoom();
  if (!room) return;
  clearTimeout(timer);
  const { action } = room.chat;
  const left = action ? ACTION_SHOWN_MS - (Date.now() - action.at) : 0;
  const active = left > 0;
  const idle = room.isPrivate ? `@${state.me.username}` : `${room.chat.members.length} people and the bot`;
  byId("chat-status").textContent = active ? ACTIONS[action.action] ?? `${action.action}…` : idle;
  byId("chat-status").classList.toggle("acting", active);
  if (active) timer = setTimeout(showStatus, left);
}
