// One message as a bubble. What can be done with it is told to `acts`: reply, edit, react, pin, press, command,
// jump.

import { avatar, clock, icon, make } from "./dom.js";
import { formatted } from "./entities.js";
import { album, media, mediaName } from "./media.js";
import { chips, reactTool } from "./reactions.js";
import { richBlocks, richText } from "./rich.js";
import { isBot, speaker } from "./store.js";

export function summary(message) {
  return message.text ?? message.caption ?? (mediaName(message) || richText(message.rich_message));
}

export const hueOf = (id) => (Math.abs(id) * 67) % 360;

// `messages`: one, or the parts of an album.
export function bubble(messages, room, acts) {
  const message = messages[0];
  if (message.pinned_message) return serviceLine(message, acts);
  const mine = message.from.id === speaker(room).id;
  const item = make("li", {
    class: `message ${mine ? "mine" : "theirs"} ${isBot(message.from) ? "from-bot" : ""}`,
    id: `message-${message.message_id}`,
    data: { id: message.message_id, testid: "message", from: isBot(message.from) ? "bot" : message.from.first_name },
  });
  if (!room.isPrivate && !mine) item.append(avatar(message.from.first_name, hueOf(message.from.id)));
  const body = make("div", { class: "bubble" }, make("span", { class: "sr" }, `${mine ? "You" : message.from.first_name}: `));
  if (!room.isPrivate && !mine) body.append(author(message.from));
  if (message.forward_origin) body.append(make("small", { class: "origin" }, `Forwarded from ${origin(message)}`));
  if (message.reply_to_message) body.append(quoted(message, acts));
  body.append(...(messages.length > 1 ? [album(messages)] : media(message)));
  body.append(...words(messages.find((part) => part.caption) ?? message));
  body.append(foot(message, mine));
  body.addEventListener("click", (event) => clicked(event, message, acts));
  const column = make("div", { class: "column" }, body, chips(message, room, acts), keyboard(message, acts));
  item.append(column, tools(message, mine, room, acts));
  return item;
}

// What Telegram says itself, amid the messages.
function serviceLine(message, acts) {
  const { pinned_message: pinned } = message;
  return make("li", { class: "service", id: `message-${message.message_id}`, data: { testid: "service" } },
    make("button", { type: "button", onclick: () => acts.jump(pinned.message_id) },
      make("b", {}, message.from.first_name), ` pinned “${summary(pinned)}”`));
}

function author(user) {
  const name = make("b", { class: "author" }, user.first_name, isBot(user) && make("small", {}, "bot"));
  name.style.setProperty("--hue", hueOf(user.id));
  return name;
}

function origin({ forward_origin: from }) {
  return from.sender_user_name ?? from.sender_user?.first_name ?? "somebody";
}

function words(message) {
  if (message.rich_message) return [make("div", { class: "text rich" }, ...richBlocks(message.rich_message))];
  const text = message.text ?? message.caption;
  if (!text) return [];
  return [make("div", { class: "text", dir: "auto" }, formatted(text, message.entities ?? message.caption_entities))];
}

function foot(message, mine) {
  const edited = message.edit_date && make("span", { class: "edited" }, "edited");
  return make("span", { class: "foot" }, edited, make("time", {}, clock(message.date)), mine && icon("sent"));
}

function quoted(message, acts) {
  const replied = message.reply_to_message;
  return make("button", {
    type: "button", class: "quoted", data: { goto: replied.message_id, testid: "quoted" },
    "aria-label": `In reply to ${replied.from.first_name}: show that message`,
    onclick: (event) => { event.stopPropagation(); acts.jump(replied.message_id); },
  }, make("b", {}, replied.from.first_name), make("span", {}, message.quote?.text ?? summary(replied)));
}

function keyboard(message, acts) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (!rows.length) return "";
  return make("div", { class: "keyboard", role: "group", "aria-label": "Buttons" }, ...rows.map((row) =>
    make("div", { class: "row" }, ...row.map((button) => key(message, button, acts)))));
}

function key(message, button, acts) {
  if (button.url) {
    const known = /^https?:/i.test(button.url);
    return make("a", {
      href: known && button.url, target: "_blank", rel: "noopener noreferrer", data: { testid: "button" },
      onclick: (event) => acts.link(event, button.url),
    }, button.text, icon("away"));
  }
  return make("button", {
    type: "button", data: { testid: "button" },
    onclick: (event) => acts.press(message, button, event.currentTarget),
  }, button.text);
}

// Shown beside the bubble under the mouse or the last tap, and to whoever comes by Tab.
function tools(message, mine, room, acts) {
  const reply = make("button", {
    type: "button", "aria-label": "Reply", title: "Reply", data: { testid: "reply" },
    onmousedown: (event) => event.preventDefault(), // the selection, which becomes the quote, stays
    onclick: () => acts.reply(message),
  }, icon("reply"));
  const edit = mine && (message.text ?? message.caption) !== undefined && make("button", {
    type: "button", "aria-label": "Edit", title: "Edit", data: { testid: "edit" }, onclick: () => acts.edit(message),
  }, icon("edit"));
  const pin = !room.isPrivate && make("button", {
    type: "button", class: "pin", data: { testid: "pin", id: message.message_id }, onclick: () => acts.pin(message),
  }, icon("pin"));
  if (pin) pinLabel(pin, room.chat.pinned.includes(message.message_id));
  return make("div", { class: "tools" }, reply, reactTool(message, acts), pin, edit);
}

export function pinLabel(button, isPinned) {
  button.ariaLabel = isPinned ? "Unpin" : "Pin";
  button.title = button.ariaLabel;
  button.classList.toggle("on", isPinned);
}

function clicked(event, message, acts) {
  const target = event.target.closest("a, button, pre, audio");
  if (target?.dataset.command) acts.command(target.dataset.command);
  else if (target?.tagName === "A") acts.link(event, target.href);
  else if (!target && !String(getSelection())) acts.reply(message);
}

// The answer while it is being written (Bot API sendMessageDraft).
export function draftBubble(draft, stop) {
  const thinking = make("span", { class: "thinking" }, "Thinking", make("i"), make("i"), make("i"));
  const body = make("div", { class: "bubble" }, draft.text
    ? make("div", { class: "text", dir: "auto" }, formatted(draft.text, draft.entities))
    : make("div", { class: "text" }, thinking));
  const column = make("div", { class: "column" }, body);
  if (draft.can_stop) {
    column.append(make("div", { class: "keyboard" }, make("div", { class: "row" }, make("button", {
      type: "button", data: { testid: "stop" }, onclick: () => stop(draft),
    }, icon("stop"), "Stop"))));
  }
  const key = `${draft.draft_id} ${draft.can_stop}`;
  return make("li", { class: "message theirs draft", "aria-live": "off", data: { testid: "draft", draft: key } }, column);
}
