// Telegram's entities as elements. Offsets are UTF-16 units, as JavaScript's strings have them.
// Nothing is ever set as HTML, so no text can become markup.

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
  mention: "span", hashtag: "span", cashtag: "span", bot_command: "button",
};

export function formatted(text, entities = []) {
  const fragment = document.createDocumentFragment();
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  fill(fragment, text, 0, text.length, sorted);
  return fragment;
}

// A rich message as text, block by block.
export function richText(rich) {
  return (rich?.blocks ?? []).map(blockText).join("\n\n");
}

function blockText(block) {
  if (block.type === "table") return block.cells.map((row) => row.map((cell) => cell.text).join(" | ")).join("\n");
  if (block.type === "list") return block.items.map((item) => `${item.label} ${richText(item)}`).join("\n");
  if (block.type === "divider") return "———";
  return block.blocks ? richText(block) : (block.text ?? block.expression ?? "");
}

function fill(parent, text, from, to, entities) {
  let at = from;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const begin = Math.max(first.offset, at);
    const end = Math.min(first.offset + first.length, to);
    parent.append(text.slice(at, begin));
    const node = element(first, text.slice(begin, end));
    fill(node, text, begin, end, others.filter((entity) => entity.offset < end));
    parent.append(node);
    rest = others.filter((entity) => entity.offset >= end);
    at = end;
  }
  parent.append(text.slice(at, to));
}

function element(entity, text) {
  const url = { text_link: entity.url, url: text, email: `mailto:${text}` }[entity.type];
  if (url !== undefined) return link(url);
  const node = document.createElement(TAGS[entity.type] ?? "span");
  node.className = `entity ${entity.type}`;
  if (entity.type === "bot_command") {
    node.type = "button";
    node.dataset.command = text;
  }
  if (entity.language) node.dataset.language = entity.language;
  return node;
}

function link(url) {
  const node = document.createElement("a");
  const full = /^[a-z]+:/i.test(url) ? url : `https://${url}`;
  if (/^(https?|tg|mailto):/i.test(full)) node.href = full;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
  return node;
}
