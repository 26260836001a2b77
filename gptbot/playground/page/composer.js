// Where one writes: a text, a reply or an edit, with files. Each room keeps what was begun in it.

import { Attachments } from "./attachments.js";
import { summary } from "./bubble.js";
import { Completion } from "./completion.js";
import { byId } from "./dom.js";
import { act } from "./feed.js";
import { Recorder, recordedName } from "./recorder.js";
import { currentRoom, on, speaker } from "./store.js";

const HEIGHT_MAX_PX = 180;

export class Composer {
  constructor() {
    this.area = byId("text");
    this.context = null; // {message, quote, editing}
    this.begun = new Map(); // room → {text, files}
    this.files = new Attachments(() => this.shown());
    this.completion = new Completion(this.area, (text) => this.send(text));
    this.recorder = new Recorder((...recorded) => this.sendVoice(...recorded));
    this.listen();
  }

  listen() {
    byId("composer").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.area.addEventListener("input", () => this.shown());
    this.area.addEventListener("paste", (event) => this.files.take(event.clipboardData.files));
    byId("context-cancel").addEventListener("click", () => this.forget());
    const chat = byId("chat");
    chat.addEventListener("dragover", (event) => { event.preventDefault(); chat.classList.add("dropping"); });
    chat.addEventListener("dragleave", (event) => { if (event.target === chat) chat.classList.remove("dropping"); });
    chat.addEventListener("drop", (event) => {
      event.preventDefault();
      chat.classList.remove("dropping");
      this.files.take(event.dataTransfer.files);
    });
    on("room", (key) => this.entered(key));
  }

  key(event) {
    if (event.isComposing || this.completion.key(event)) return;
    if (event.key === "Escape") this.forget();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
    if (event.key === "ArrowUp" && !this.area.value) this.editLast(event);
  }

  // As in the messenger: the arrow up in an empty field edits one's last message.
  editLast(event) {
    const mine = [...document.querySelectorAll("#messages .mine")].at(-1);
    const room = currentRoom();
    const message = mine && room.chat.messages.get(Number(mine.dataset.id));
    if (!message || (message.text ?? message.caption) === undefined) return;
    event.preventDefault();
    this.edit(message);
  }

  entered(key) {
    if (this.room !== key) {
      this.recorder.end(false); // said to somebody else
      this.forget(); // while this is still the room that one leaves
      this.room = key;
      const { text, files } = this.begun.get(key) ?? { text: "", files: [] };
      this.area.value = text;
      this.files.put(files);
    }
    this.shown();
    if (matchMedia("(min-width: 701px)").matches) this.area.focus({ preventScroll: true });
  }

  // --- what it answers or edits

  reply(message, quote = null) {
    this.show({ message, quote });
  }

  edit(message) {
    this.area.value = message.text ?? message.caption ?? "";
    this.show({ message, editing: true });
  }

  show(context) {
    const { message, quote, editing } = context;
    this.context = context;
    byId("context").hidden = false;
    byId("context").querySelector("b").textContent = editing ? "Edit the message" : `Reply to ${message.from.first_name}`;
    byId("context").querySelector("span").textContent = quote ?? summary(message);
    this.shown();
    this.area.focus();
  }

  forget() {
    if (this.context?.editing) this.area.value = "";
    this.context = null;
    byId("context").hidden = true;
    this.shown();
  }

  // --- sending

  submit() {
    const text = this.area.value;
    if (!text.trim() && !this.files.any) return;
    this.send(text);
    this.area.value = "";
    this.shown();
  }

  async send(text) {
    const { context, room } = this;
    const { message, quote, editing } = context ?? {};
    const where = this.where();
    const files = editing ? [] : this.files.release();
    this.completion.close();
    this.context = null;
    this.forget();
    let left = null;
    if (files.length) left = await this.files.send(files, text, where);
    else if (editing && !await act("edit_text", { message_id: message.message_id, text })) left = { text, files };
    else if (!editing && !await act("send_text", { text, ...where, quote: quote ?? null })) left = { text, files };
    if (left) this.giveBack(left, context, room);
  }

  // What could not be sent waits where it was written, unless something else was begun there.
  giveBack(left, context, room) {
    const { text, files } = this.begun.get(room);
    if (text || files.length || (room === this.room && this.context)) return;
    this.begun.set(room, left);
    if (room !== this.room) return;
    this.area.value = left.text;
    this.files.put(left.files);
    if (context) this.show(context);
  }

  async sendVoice(content, seconds, type) {
    const where = this.where();
    this.forget();
    await act("send_voice", { content, duration_s: seconds, name: recordedName(type), mime_type: type, ...where });
  }

  where() {
    const room = currentRoom();
    const who = { user_id: speaker(room).id, chat_id: room.chat.info.id }; // also when another chat is opened meanwhile
    return { ...who, reply_to: this.context?.message.message_id ?? null, thread_id: room.thread ?? null };
  }

  // Height, completion and which of the round buttons is there, after any change.
  shown() {
    this.area.style.height = "auto";
    const tall = this.area.scrollHeight; // 0 while the composer is hidden
    if (tall) this.area.style.height = `${Math.min(tall + 2, HEIGHT_MAX_PX)}px`;
    const something = Boolean(this.area.value.trim()) || this.files.any;
    byId("send").hidden = !something && this.recorder.possible;
    byId("record").hidden = something || !this.recorder.possible;
    this.completion.offer();
    if (this.room) this.begun.set(this.room, { text: this.area.value, files: this.files.files });
  }
}
