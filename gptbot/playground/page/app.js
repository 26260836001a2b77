// The page of the playground: one column per person, each a private chat with the bot.
// What happens comes as server-sent events; the first one is everything, so a lost connection mends itself.

import { Column } from "./column.js";

const columns = new Map();
const tabs = document.getElementById("people");
const connection = document.getElementById("connection");

function show(snapshot) {
  const active = document.querySelector(".column.active")?.dataset.user;
  columns.clear();
  tabs.replaceChildren();
  document.getElementById("columns").replaceChildren();
  const chats = new Map(snapshot.chats.map((chat) => [chat.chat.id, chat]));
  for (const user of snapshot.users) {
    const column = new Column(user, snapshot.me, chats.get(user.id));
    columns.set(user.id, column);
    document.getElementById("columns").append(column.root);
    tabs.append(tab(user));
  }
  choose(columns.has(Number(active)) ? Number(active) : snapshot.users[0]?.id);
}

function tab(user) {
  const button = document.createElement("button");
  button.role = "tab";
  button.dataset.user = user.id;
  button.textContent = user.first_name;
  button.addEventListener("click", () => choose(user.id));
  return button;
}

function choose(userId) {
  for (const node of document.querySelectorAll("#people button, .column")) {
    const chosen = Number(node.dataset.user) === userId;
    node.classList.toggle("active", chosen);
    if (node.role === "tab") node.ariaSelected = chosen;
  }
  columns.get(userId)?.entered();
}

const handlers = {
  snapshot: show,
  message: (event) => columns.get(event.chat_id)?.put(event.message, true),
  edit: (event) => columns.get(event.chat_id)?.put(event.message, false),
  delete: (event) => columns.get(event.chat_id)?.remove(event.message.message_id),
  action: (event) => columns.get(event.chat_id)?.acts(event.action),
  draft: (event) => columns.get(event.chat_id)?.draft(event.draft),
  popup: (event) => columns.get(event.user_id)?.popup(event),
  chat: (event) => columns.get(event.chat.id)?.membership(event.blocked),
};

const source = new EventSource("/control/events");
source.addEventListener("message", (message) => {
  const event = JSON.parse(message.data);
  handlers[event.type]?.(event);
});
source.addEventListener("open", () => { connection.textContent = ""; });
source.addEventListener("error", () => { connection.textContent = "connection lost, trying again…"; });
