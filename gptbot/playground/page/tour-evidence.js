// What the tour goes by: the page has been told it (messages, the log, steps of charts, data.json, the bot's state).
// Nothing counts because somebody clicked. `since` is where a step began: {id: of the newest message, at: seconds}.

import { isBot, messagesOf, on, roomKey, state } from "./store.js";

// The people of the demo (demo.py).
export const OLGA = 1001;
export const ALICE = 1002;
export const BOB = 1003;

const inside = { log: [], step: [], data: new Map(), bot: null, trouble: {}, about: {} };
const KEPT = 600;

// Begins to listen; the tour listens later, so that it finds here what has just come.
export function startEvidence() {
  on("inside-all", (all) => {
    Object.assign(inside, { log: all.log, step: all.step, bot: all.bot, about: all.about });
    inside.trouble = all.trouble ?? {};
    inside.data = new Map(all.data?.entries ?? []);
  });
  on("inside", ({ kind, item }) => {
    if (kind === "log" || kind === "step") inside[kind] = [...inside[kind], item].slice(-KEPT);
    else if (kind === "data") inside.data = new Map(item.entries);
    else if (kind === "bot" || kind === "trouble") inside[kind] = item;
  });
}

export function now() {
  const ids = [...state.chats.values()].flatMap((chat) => [...chat.messages.keys()]);
  return { id: Math.max(0, ...ids), at: Date.now() / 1000 };
}

// What this person wrote to the bot in private, oldest first.
export function said(userId, pattern, since) {
  return chatOf(userId).filter((message) => message.from.id === userId && message.message_id > since.id
    && pattern.test(message.text ?? ""));
}

// The bot's messages to this person after that one.
export function told(userId, after) {
  const id = after?.message_id ?? after?.id ?? 0;
  return chatOf(userId).filter((message) => isBot(message.from) && message.message_id > id);
}

export const chatOf = (userId) => messagesOf(roomKey(userId));
export const draftTo = (userId) => state.chats.get(userId)?.drafts.at(-1)?.text ?? "";
export const account = (userId) => inside.data.get(String(userId)) ?? {};
export const bot = () => inside.bot?.state;
export const switchedOn = (name) => Boolean(inside.trouble[name]);
export const canSwitch = (name) => name in inside.trouble;
export const realModel = () => Boolean(inside.about.real_model);

// Answers (or pictures) that this person got and that were charged: the records of the log, oldest first.
export function settled(event, userId, since) {
  return inside.log.filter(({ at, record }) => at > since.at && record.event === event && record.user === userId
    && record.outcome === "settled").map(({ at, record }) => ({ at, ...record }));
}

export const entered = (chart, name, since) =>
  inside.step.some((step) => step.at > since.at && step.chart === chart && step.after === name);

// {message, at}: the newest message to this person with an inline button of this callback data; null without one.
export function offered(userId, pattern, since) {
  for (const message of told(userId, since).reverse()) {
    const buttons = (message.reply_markup?.inline_keyboard ?? []).flat();
    const at = buttons.findIndex((button) => pattern.test(button.callback_data));
    if (at >= 0) return { message, at };
  }
  return null;
}
