// Reactions: chips under a bubble, and a row of emoji to choose one's own from.

import { icon, make } from "./dom.js";
import { isBot, nameOf, speaker, state } from "./store.js";

const OFFERED = { "👍": "Thumbs up", "❤": "Heart", "🔥": "Fire", "🎉": "Party", "🤔": "Thinking", "😢": "Sad" };

// Some of them are drawn as letters unless one asks for a picture (variation selector 16).
const drawn = (emoji) => make("span", { class: "emoji" }, [...emoji].length > 1 ? emoji : `${emoji}\ufe0f`);
const nameOfAny = (userId) => (isBot({ id: userId }) ? state.me.first_name : nameOf(userId));

// One chip for each emoji; a press gives or takes back one's own.
export function chips(message, room, acts) {
  const me = speaker(room).id;
  const given = room.chat.reactions.get(message.message_id) ?? [];
  return make("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, ...given.map(({ emoji, by }) => {
    const names = by.map((userId) => (userId === me ? "you" : nameOfAny(userId))).join(", ");
    const isOwn = by.includes(me);
    return make("button", {
      type: "button", class: "chip", "aria-pressed": String(isOwn), "aria-label": `${emoji} from ${names}`, title: names,
      data: { testid: "reaction", emoji }, onclick: () => acts.react(message, isOwn ? "" : emoji),
    }, drawn(emoji), `${by.length}`);
  }));
}

// Puts the chips of now into the bubble; what has the focus keeps it.
export function showChips(item, message, room, acts) {
  const old = item.querySelector(".reactions");
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.emoji : null;
  const now = chips(message, room, acts);
  old.replaceWith(now);
  if (focused) (now.querySelector(`[data-emoji="${focused}"]`) ?? item.querySelector(".tools .react")).focus();
}

export function reactTool(message, acts) {
  return make("button", {
    type: "button", class: "react", "aria-label": "React", title: "React", "aria-expanded": "false",
    data: { testid: "react" }, onclick: (event) => toggle(event.currentTarget, message, acts),
  }, icon("react"));
}

function toggle(opener, message, acts) {
  const item = opener.closest(".message");
  const picker = item.querySelector(".picker");
  if (picker) return close(picker, opener);
  const shown = make("div", { class: "picker", role: "group", "aria-label": "React with", data: { testid: "picker" } },
    ...Object.entries(OFFERED).map(([emoji, name]) => make("button", {
      type: "button", "aria-label": name, title: name,
      onclick: () => {
        close(shown, opener);
        acts.react(message, emoji);
      },
    }, drawn(emoji))));
  shown.addEventListener("keydown", (event) => moved(event, shown, opener));
  shown.addEventListener("focusout", (event) => { if (!item.contains(event.relatedTarget)) close(shown, opener, false); });
  item.querySelector(".reactions").after(shown);
  opener.ariaExpanded = "true";
  shown.firstChild.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  return null;
}

function close(picker, opener, focus = true) {
  if (focus) opener.focus({ preventScroll: true });
  opener.ariaExpanded = "false";
  picker.remove();
}

function moved(event, picker, opener) {
  if (event.key === "Escape") {
    close(picker, opener);
    event.stopPropagation();
  }
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = [...picker.children];
  all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
}
