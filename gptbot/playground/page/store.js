// What the playground's Telegram knows, as the page sees it. A *room* is what the list shows: a private chat, or a
// topic of a group (its general one has no thread id). Whoever shows something listens with `on`.

const listeners = new Map();

export const state = { me: null, users: new Map(), chats: new Map(), current: null, unread: new Map() };

export function on(type, listener) {
  if (!listeners.has(type)) listeners.set(type, []);
  listeners.get(type).push(listener);
}

export function emit(type, detail) {
  for (const listener of listeners.get(type) ?? []) listener(detail);
}

// --- rooms

export function rooms() {
  const found = [];
  for (const chat of state.chats.values()) {
    if (chat.info.type === "private") found.push(room(chat, null, chat.info.first_name));
    else found.push(room(chat, null, chat.info.is_forum ? "General" : chat.info.title));
    for (const [thread, name] of chat.topics) found.push(room(chat, thread, name));
  }
  return found;
}

function room(chat, thread, title) {
  const isPrivate = chat.info.type === "private";
  return { key: roomKey(chat.info.id, thread), chat, thread, title, isPrivate, group: isPrivate ? "" : chat.info.title };
}

export const roomKey = (chatId, thread) => (thread ? `${chatId}/${thread}` : `${chatId}`);
export const keyOf = (message) => roomKey(message.chat.id, message.is_topic_message ? message.message_thread_id : null);
const findRoom = (key) => rooms().find((found) => found.key === key) ?? null;
export const currentRoom = () => findRoom(state.current);

export function messagesOf(key) {
  const chat = state.chats.get(Number(key.split("/")[0]));
  return [...(chat?.messages.values() ?? [])].filter((message) => keyOf(message) === key);
}

// Who writes in a room: in a private chat the person whose chat it is, in a group whom the page has chosen.
export function speaker(found) {
  if (found.isPrivate) return state.users.get(found.chat.info.id);
  const chosen = found.chat.speaker;
  return state.users.get(chosen) ?? state.users.get(found.chat.members[0]);
}

export function speakAs(found, userId) {
  found.chat.speaker = userId;
  emit("room", found.key);
}

export const isBot = (user) => user?.id === state.me?.id;
export const nameOf = (userId) => state.users.get(Number(userId))?.first_name ?? `${userId}`;

export function open(key) {
  state.current = key;
  sessionStorage.setItem("room", key);
  state.unread.delete(key);
  emit("room", key);
  emit("list");
}

// --- what the server tells

export const handlers = {
  snapshot(event) {
    state.me = event.me;
    state.users = new Map(event.users.map((user) => [user.id, user]));
    const speakers = new Map([...state.chats].map(([id, chat]) => [id, chat.speaker]));
    state.chats = new Map();
    for (const chat of event.chats) takeChat(chat, speakers.get(chat.chat.id));
    for (const key of state.unread.keys()) if (!messagesOf(key).length) state.unread.delete(key);
    const known = [state.current, sessionStorage.getItem("room")].find(findRoom);
    state.current = known ?? rooms()[0]?.key ?? null;
    emit("room", state.current);
    emit("list");
  },
  chat(event) {
    const before = state.chats.get(event.chat.id);
    takeChat(event, before?.speaker);
    emit("membership", event.chat.id);
    emit("list");
  },
  message({ message }) {
    const chat = state.chats.get(message.chat.id);
    const key = keyOf(message);
    chat.started = true;
    chat.messages.set(message.message_id, message);
    if (isBot(message.from)) {
      chat.drafts = [];
      chat.action = null;
      if (key !== state.current || document.hidden) state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
    }
    emit("message", { key, message, isNew: true });
    emit("list");
  },
  edit({ message }) {
    state.chats.get(message.chat.id).messages.set(message.message_id, message);
    emit("message", { key: keyOf(message), message, isNew: false });
    emit("list");
  },
  delete({ message }) {
    const chat = state.chats.get(message.chat.id);
    chat.messages.delete(message.message_id);
    chat.reactions.delete(message.message_id);
    emit("gone", { key: keyOf(message), message });
    emit("list");
  },
  draft({ chat_id: chatId, draft }) {
    const chat = state.chats.get(chatId);
    chat.drafts = [draft];
    emit("draft", { key: roomKey(chatId, draft.message_thread_id), draft });
  },
  action({ chat_id: chatId, action }) {
    const chat = state.chats.get(chatId);
    chat.action = { action, at: Date.now() };
    emit("action", chatId);
  },
  reactions({ chat_id: chatId, message_id: messageId, reactions }) {
    const chat = state.chats.get(chatId);
    chat.reactions.set(messageId, reactions);
    emit("reactions", chat.messages.get(messageId));
  },
  pins({ chat_id: chatId, pinned }) {
    state.chats.get(chatId).pinned = pinned;
    emit("pins", chatId);
  },
  popup: (event) => emit("popup", event),
  commands: () => emit("commands"),
  inside: (event) => emit("inside", event),
};

function takeChat(event, chosen) {
  const { type, ...person } = event.chat;
  if (type === "private" && !state.users.has(person.id)) state.users.set(person.id, person); // came after the page
  state.chats.set(event.chat.id, {
    info: event.chat,
    blocked: event.blocked,
    started: event.started,
    members: Object.keys(event.members).map(Number),
    topics: new Map(Object.entries(event.topics).map(([thread, name]) => [Number(thread), name])),
    messages: new Map(event.messages.map((message) => [message.message_id, message])),
    drafts: event.drafts,
    pinned: event.pinned,
    reactions: new Map(Object.entries(event.reactions).map(([id, given]) => [Number(id), given])),
    action: null,
    speaker: chosen,
  });
}
