// "Do it for me": the tour's hands. They use what a person uses (the list, the field, buttons), and slowly enough to be
// followed.

import { byId } from "./dom.js";
import { ALICE, OLGA, offered, told } from "./tour-evidence.js";
import { roomKey, state } from "./store.js";

const PAUSE_MS = 500;
const LOOK_EVERY_MS = 60;
export const PATIENCE_MS = 60_000;

export class Hands {
  // `signal` ends it: whatever waits then throws.
  constructor(signal) {
    this.signal = signal;
  }

  pause(ms = PAUSE_MS) {
    this.signal.throwIfAborted();
    return new Promise((resolve, reject) => setTimeout(() => {
      if (this.signal.aborted) reject(this.signal.reason);
      else resolve();
    }, ms));
  }

  // Throws when `check` does not become true in time.
  async until(check, patience = PATIENCE_MS) {
    const end = Date.now() + patience;
    while (!check()) {
      if (Date.now() > end) throw new Error("This has not happened within a minute. Is some trouble switched on?");
      await this.pause(LOOK_EVERY_MS);
    }
  }

  // `find` gives the node; where it is hidden, its part of the page and its tab are shown first.
  async press(find) {
    await this.until(find);
    const node = find();
    const part = node.closest("#chats, #chat, #inside")?.id;
    if (part && !isVisible(node)) reveal(part);
    const panel = node.closest("[role=tabpanel]");
    if (panel?.hidden) byId(panel.getAttribute("aria-labelledby")).click();
    await this.pause();
    find()?.click(); // it may have been drawn anew
  }

  async be(userId) {
    const key = roomKey(userId);
    if (state.current !== key) await this.press(() => document.querySelector(`[data-room="${key}"]`));
    reveal("chat");
  }

  // Who has not started yet does so (or unblocks the bot): a step can be begun without the ones before it.
  async join(userId) {
    if (told(userId).length && !state.chats.get(userId).blocked) return;
    await this.be(userId);
    if (byId("composer").hidden) await this.press(() => byId("closed").querySelector("button"));
    else if (userId !== OLGA) await this.write(userId, "/start");
    await this.until(() => userId === OLGA || told(userId).length > 0);
  }

  async joinThrough(userId, friend) {
    await this.be(userId);
    await this.press(() => document.querySelector(`[data-testid="join-${friend}"]`));
  }

  async write(userId, text) {
    await this.be(userId);
    if (byId("composer").hidden) await this.join(userId);
    byId("text").value = text;
    byId("text").dispatchEvent(new Event("input"));
    await this.press(() => byId("send"));
  }

  async reply(userId, message, text) {
    await this.be(userId);
    await this.press(() => byId(`message-${message.message_id}`)?.querySelector("[data-testid=reply]"));
    await this.write(userId, text);
  }

  async pressButton(userId, pattern, since) {
    await this.be(userId);
    await this.press(() => inlineButton(userId, pattern, since));
  }
}

// The element of an inline button, when its chat is open.
export function inlineButton(userId, pattern, since) {
  const found = offered(userId, pattern, since);
  const keyboard = found && byId(`message-${found.message.message_id}`)?.querySelector(".keyboard");
  return keyboard?.querySelectorAll("a, button")[found.at] ?? null;
}

// checkVisibility does not know of what another element covers; nothing does here.
export const isVisible = (node) => node.checkVisibility();

// Shows a part of the page by its own buttons: "chats", "chat" or "inside".
export function reveal(part) {
  if (isVisible(byId(part))) return;
  doorTo(part)?.click();
}

// The button that shows this part of the page now.
export function doorTo(part) {
  const view = document.querySelector(`#views [data-view="${part}"]`);
  return isVisible(view) ? view : byId(part === "inside" ? "toggle-inside" : part);
}

// Where one writes, or Start when that is what is there.
export function field(userId = ALICE) {
  if (state.current !== roomKey(userId)) return null;
  return byId("composer").hidden ? byId("closed").querySelector("button") : byId("text");
}
