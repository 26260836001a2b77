// data.json as it is on the disk; what has just changed is lit, with what it was before.

import { byId, make } from "./dom.js";
import { nameOf, on } from "./store.js";

let before = null;

export function startData() {
  on("inside-all", (all) => { before = null; show(all.data); });
  on("inside", (event) => { if (event.kind === "data") show(event.item); });
}

function show(data) {
  if (!data) return;
  const entries = new Map(data.entries);
  const list = data.entries.map(([key, value]) => entry(key, value, before?.get(key), before !== null));
  byId("data").replaceChildren(make("span", {}, "{"), ...list, make("span", {}, "}"));
  // The totals change with everything: what one wants to see are accounts.
  const changed = byId("data").querySelectorAll(".account.changed, .account .changed");
  [...changed].at(-1)?.scrollIntoView({ block: "nearest" });
  before = entries;
}

function entry(key, value, old, compared) {
  const fields = typeof value === "object" && value !== null ? Object.entries(value) : [["", value]];
  const isNew = compared && old === undefined;
  const who = /^\d+$/.test(key) ? nameOf(key) : "";
  return make("div", { class: `entry ${key === "global" ? "" : "account"} ${isNew ? "changed" : ""}`, data: { testid: `data-${key}` } },
    make("span", { class: "key" }, `"${key}"`), ": {", who !== key && who && make("em", {}, who),
    ...fields.map(([name, field]) => line(name, field, old?.[name], compared && !isNew)), "}");
}

function line(name, value, old, compared) {
  const changed = compared && JSON.stringify(old) !== JSON.stringify(value);
  const was = changed && old !== undefined ? make("del", {}, JSON.stringify(old)) : "";
  return make("div", { class: `field ${changed ? "changed" : ""}` },
    make("span", { class: "key" }, `"${name}"`), ": ", was, make("span", { class: "value" }, JSON.stringify(value)));
}
