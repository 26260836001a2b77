// One person's chat with the bot: bubbles, composer, buttons, pop-ups.

import { formatted, richText } from "./format.js";

const ACTION_SHOWN_MS = 5000;
const TOAST_SHOWN_MS = 4000;
const LIKE_END_PX = 120;
const ACTIONS = { typing: "typing…", upload_photo: "sending a photo…", record_voice: "recording…" };
const KINDS = ["sticker", "voice", "location", "contact", "poll", "video", "audio"];

export async function act(name, body) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await (await fetch(`/control/${name}`, options)).json();
  if (!answer.ok) throw new Error(answer.description);
  return answer.result;
}

export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

export class Column {
  constructor(user, me, chat) {
    this.user = user;
    this.me = me;
    this.messages = new Map();
    this.context = null; // what the composer answers or edits: {message, editing}
    this.root = document.getElementById("column").content.firstElementChild.cloneNode(true);
    this.root.dataset.user = user.id;
    this.find(".name").textContent = user.first_name;
    this.find(".avatar").textContent = user.first_name[0];
    this.find(".avatar").style.setProperty("--hue", (user.id * 67) % 360);
    this.list = this.find(".messages");
    this.listen();
    this.membership(chat.blocked);
    this.acts(null);
    for (const message of chat.messages) this.put(message, true);
    for (const draft of chat.drafts) this.draft(draft);
  }

  find(selector) { return this.root.querySelector(selector); }

  // --- what the chat shows

  put(message, isNew) {
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < LIKE_END_PX;
    this.messages.set(message.message_id, message);
    const bubble = this.bubble(message);
    const old = this.list.querySelector(`[data-id="${message.message_id}"]`);
    if (old) old.replaceWith(bubble);
    else this.list.append(bubble);
    if (isNew && message.from.id === this.me.id) this.acts(null);
    if (isNew) this.list.querySelector(".draft")?.remove();
    if (isNew || atEnd) this.toEnd();
  }

  remove(messageId) {
    this.messages.delete(messageId);
    this.list.querySelector(`[data-id="${messageId}"]`)?.remove();
  }

  draft(draft) {
    this.list.querySelector(".draft")?.remove();
    const item = make("li", "bubble bot draft");
    item.append(formatted(draft.text || "Thinking…", draft.entities));
    if (draft.can_stop) item.append(this.button("Stop", () => this.do("stop_draft", { draft_id: draft.draft_id })));
    this.list.append(item);
    this.toEnd();
  }

  bubble(message) {
    const mine = message.from.id === this.user.id;
    const item = make("li", `bubble ${mine ? "mine" : "bot"}`);
    item.dataset.id = message.message_id;
    if (message.forward_origin) item.append(make("small", "origin", "forwarded"));
    if (message.reply_to_message) item.append(this.quoted(message));
    item.append(...this.media(message));
    const words = message.text ?? message.caption ?? richText(message.rich_message);
    const body = make("div", "text");
    body.append(formatted(words, message.entities ?? message.caption_entities));
    if (words) item.append(body);
    const time = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    item.append(make("time", "", (message.edit_date ? "edited " : "") + time));
    item.append(this.keyboard(message));
    item.addEventListener("click", (event) => this.clicked(event, message));
    if (mine) item.addEventListener("dblclick", () => this.answer(message, true));
    item.title = mine ? "Click to reply, double-click to edit" : "Click to reply";
    return item;
  }

  quoted(message) {
    const replied = message.reply_to_message;
    const quote = make("a", "quoted");
    quote.append(make("b", "", replied.from.id === this.user.id ? "You" : replied.from.first_name));
    quote.append(make("span", "", message.quote?.text ?? summary(replied)));
    quote.dataset.goto = replied.message_id;
    return quote;
  }

  media(message) {
    if (message.photo) {
      const image = make("img", "photo");
      image.src = `/control/files/${message.photo.at(-1).file_id}`;
      image.alt = message.caption ?? "photo";
      return [image];
    }
    if (message.document) {
      const file = make("a", "document", `📄 ${message.document.file_name}`);
      file.href = `/control/files/${message.document.file_id}`;
      file.download = message.document.file_name;
      return [file];
    }
    return KINDS.filter((kind) => message[kind]).map((kind) => make("div", "kind", summary(message)));
  }

  keyboard(message) {
    const keyboard = make("div", "keyboard");
    for (const row of message.reply_markup?.inline_keyboard ?? []) {
      const line = make("div", "row");
      line.append(...row.map((button) => this.button(button.text, () => this.press(message, button), button.url)));
      keyboard.append(line);
    }
    return keyboard;
  }

  button(label, pressed, url) {
    const button = make(url ? "a" : "button", "", label);
    if (url && /^https?:/i.test(url)) Object.assign(button, { href: url, target: "_blank", rel: "noopener" });
    if (!url) button.type = "button";
    if (!url) button.addEventListener("click", pressed);
    return button;
  }

  toEnd() { this.list.scrollTop = this.list.scrollHeight; }

  acts(action) {
    clearTimeout(this.actionTimer);
    this.find(".status").textContent = action ? ACTIONS[action] ?? `${action}…` : `@${this.me.username}`;
    this.root.classList.toggle("acting", Boolean(action));
    if (action) this.actionTimer = setTimeout(() => this.acts(null), ACTION_SHOWN_MS);
  }

  popup({ text, show_alert: alert }) {
    if (!text) return;
    if (alert) {
      const dialog = document.getElementById("alert");
      dialog.querySelector("p").textContent = text;
      if (!dialog.open) dialog.showModal();
      return;
    }
    const toast = this.find(".toast");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => { toast.hidden = true; }, TOAST_SHOWN_MS);
  }

  membership(blocked) {
    this.blocked = blocked;
    this.find(".block").textContent = blocked ? "Unblock" : "Block";
    this.root.classList.toggle("blocked", blocked);
    this.find("textarea").disabled = blocked;
  }

  // --- what the person does

  async do(name, body = {}) {
    try {
      return await act(name, { user_id: this.user.id, chat_id: this.user.id, ...body });
    } catch (error) {
      return this.popup({ text: error.message });
    }
  }

  entered() {
    this.toEnd();
    this.find("textarea").focus({ preventScroll: true });
  }

  listen() {
    const area = this.find("textarea");
    this.find("form").addEventListener("submit", (event) => { event.preventDefault(); this.send(area.value); });
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.answer(null);
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send(area.value);
    });
    area.addEventListener("input", () => this.grow());
    this.find(".cancel").addEventListener("click", () => this.answer(null));
    this.find(".commands").addEventListener("click", () => this.toggleMenu());
    this.find(".attach input").addEventListener("change", (event) => this.attach(event.target));
    this.find(".block").addEventListener("click", () =>
      act(this.blocked ? "unblock" : "block", { user_id: this.user.id }));
  }

  grow() {
    const area = this.find("textarea");
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 160)}px`;
  }

  send(text) {
    if (!text.trim() || this.blocked) return;
    const { message, editing } = this.context ?? {};
    if (editing) this.do("edit_text", { message_id: message.message_id, text });
    else this.do("send_text", { text, reply_to: message?.message_id ?? null });
    this.find("textarea").value = "";
    this.grow();
    this.answer(null);
  }

  answer(message, editing = false) {
    this.context = message && { message, editing };
    this.find(".context").hidden = !message;
    if (!message) return;
    this.find(".context b").textContent = editing ? "Edit" : `Reply to ${message.from.first_name}`;
    this.find(".context span").textContent = summary(message);
    if (editing) this.find("textarea").value = message.text ?? message.caption ?? "";
    this.find("textarea").focus();
  }

  clicked(event, message) {
    const target = event.target.closest("a, button");
    if (target?.dataset.command) this.send(target.dataset.command);
    if (target?.dataset.goto) this.list.querySelector(`[data-id="${target.dataset.goto}"]`)?.scrollIntoView();
    if (!target && !String(getSelection())) this.answer(message);
  }

  press(message, button) {
    this.do("press", { message_id: message.message_id, button: button.callback_data ?? button.text });
  }

  async toggleMenu() {
    const menu = this.find(".menu");
    menu.hidden = !menu.hidden;
    if (menu.hidden) return;
    const commands = await (await fetch(`/control/menu/${this.user.id}`)).json();
    menu.replaceChildren(...commands.map(({ command, description }) => {
      const item = make("li");
      item.append(make("b", "", `/${command}`), make("span", "", description));
      item.addEventListener("click", () => { menu.hidden = true; this.send(`/${command}`); });
      return item;
    }));
    if (!commands.length) menu.append(make("li", "", "The bot has set no commands."));
  }

  async attach(input) {
    const [file] = input.files;
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      const content = reader.result.slice(reader.result.indexOf(",") + 1);
      const caption = this.find("textarea").value;
      this.find("textarea").value = "";
      if (file.type.startsWith("image/")) this.do("send_photo", { content, caption });
      else this.do("send_document", { content, caption, name: file.name, mime_type: file.type });
      input.value = "";
    });
    if (file) reader.readAsDataURL(file);
  }
}

function summary(message) {
  const kind = ["photo", "document", ...KINDS].find((name) => message[name]);
  return message.text ?? message.caption ?? (kind ? `[${kind}]` : richText(message.rich_message));
}
