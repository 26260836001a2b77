// Telegram's entities as elements (Bot API, MessageEntity). Offsets are UTF-16 units, as JavaScript's strings have them.

import { make } from "./dom.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code",
  blockquote: "blockquote", mention: "span", hashtag: "span", cashtag: "span",
};

export function formatted(text, entities = []) {
  const fragment = document.createDocumentFragment();
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  fill(fragment, text, 0, text.length, sorted);
  return fragment;
}

function fill(parent, text, from, to, entities) {
  let at = from;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const begin = Math.max(first.offset, at);
    const end = Math.min(first.offset + first.length, to);
    parent.append(text.slice(at, begin));
    const [node, inner] = element(first, text.slice(begin, end));
    fill(inner, text, begin, end, others.filter((entity) => entity.offset < end));
    parent.append(node);
    rest = others.filter((entity) => entity.offset >= end);
    at = end;
    if (isBlock(first) && text[at] === "\n") at += 1; // a block ends its line by itself
  }
  parent.append(text.slice(at, to));
}

const isBlock = (entity) => ["pre", "blockquote", "expandable_blockquote"].includes(entity.type);

// The element, and the one inside it that takes the text.
function element(entity, text) {
  switch (entity.type) {
    case "pre": return codeBlock(entity.language, text);
    case "spoiler": return spoiler();
    case "expandable_blockquote": return expandable(text);
    case "bot_command": return same(make("button", { type: "button", class: "command", data: { command: text } }));
    case "text_link": return same(link(entity.url));
    case "url": return same(link(text));
    case "email": return same(link(`mailto:${text}`));
    default: return same(make(TAGS[entity.type] ?? "span", { class: `entity ${entity.type}` }));
  }
}

const same = (node) => [node, node];

export function codeBlock(language, text) {
  const code = make("code");
  const copy = make("button", { type: "button", class: "copy", "aria-label": "Copy the code" }, "Copy");
  copy.addEventListener("click", async (event) => {
    event.stopPropagation();
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  const head = make("span", { class: "code-head" }, make("span", {}, language || "code"), copy);
  const pre = make("pre", { class: "entity pre", tabindex: "0", data: { language: language ?? "" } }, code);
  return [make("div", { class: "code-block" }, head, pre), code];
}

function spoiler() {
  const node = make("span", {
    class: "entity spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text: press to reveal",
  });
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (node.classList.contains("revealed")) return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.add("revealed");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", reveal);
  return same(node);
}

const LONG_QUOTE = 180;

function expandable(text) {
  const quote = make("blockquote", { class: "entity blockquote expandable" });
  if (text.length < LONG_QUOTE && text.split("\n").length <= 3) return same(quote);
  const body = make("div", { class: "quote-body" });
  const more = make("button", { type: "button", class: "more", "aria-expanded": "false" }, "Show more");
  more.addEventListener("click", (event) => {
    event.stopPropagation();
    const open = quote.classList.toggle("open");
    more.textContent = open ? "Show less" : "Show more";
    more.ariaExpanded = open;
  });
  quote.append(body, more);
  return [quote, body];
}

function link(url) {
  const full = /^[a-z]+:/i.test(url) ? url : `https://${url}`;
  const node = make("a", { target: "_blank", rel: "noopener noreferrer" });
  if (/^(https?|tg|mailto):/i.test(full)) node.href = full;
  return node;
}
