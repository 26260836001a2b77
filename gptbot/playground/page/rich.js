// A rich message, block by block (Bot API, RichMessage), as far as the stand-in makes them.

import { make } from "./dom.js";
import { codeBlock } from "./entities.js";

export function richBlocks(rich) {
  return (rich?.blocks ?? []).map(block);
}

// The same as plain text, for previews.
export function richText(rich) {
  return (rich?.blocks ?? []).map(blockText).join("\n");
}

function block(given) {
  switch (given.type) {
    case "heading": return make("h4", {}, given.text);
    case "divider": return make("hr");
    case "pre": {
      const [outer, code] = codeBlock(given.language, given.text);
      code.append(given.text);
      return outer;
    }
    case "mathematical_expression": return make("p", { class: "formula" }, given.expression);
    case "blockquote": return make("blockquote", {}, ...richBlocks(given));
    case "list": return make("ul", { class: "rich-list" }, ...given.items.map(listItem));
    case "table": return table(given);
    default: return make("p", {}, given.text ?? "", ...richBlocks(given));
  }
}

function listItem(item) {
  return make("li", {}, make("span", { class: "label" }, item.label), make("div", {}, ...richBlocks(item)));
}

function table(given) {
  const [head, ...rows] = given.cells;
  const line = (cells, tag) => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell.text)));
  const body = make("tbody", {}, ...rows.map((cells) => line(cells, "td")));
  return make("div", { class: "table", tabindex: "0" }, make("table", {}, make("thead", {}, line(head, "th")), body));
}

function blockText(given) {
  if (given.type === "table") return given.cells.map((row) => row.map((cell) => cell.text).join(" | ")).join("\n");
  if (given.type === "list") return given.items.map((item) => `${item.label} ${richText(item)}`).join("\n");
  return given.blocks ? richText(given) : (given.text ?? given.expression ?? "");
}
