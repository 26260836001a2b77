// The log: a line an event, one wide event a turn; a filter by words and by level.

import { byId, clock, make } from "./dom.js";
import { GrowingList } from "./inside-list.js";
import { nameOf } from "./store.js";

const WIDE = ["turn.finished", "picture.finished"];
const LOUD = ["warning", "error", "critical"];
const NUMBERS = /_s$|tokens|_usd$|calls/;
const CHIPS_MAX = 10;
const FIELDS = ["user", "model", "outcome"];
let log = null;

export function startLog() {
  log = new GrowingList(byId("log"), "log", row, 600);
  byId("log-filter").addEventListener("input", () => log.again());
  byId("log-kind").addEventListener("change", () => log.again());
}

function row({ at, record }) {
  const { timestamp: _, level, event, ...more } = record;
  if (!wanted(record)) return null;
  const isWide = WIDE.includes(event);
  const body = make("dl", {}, ...Object.entries(more).flatMap(([key, value]) =>
    [make("dt", {}, key), make("dd", {}, written(value))]));
  return make("li", { data: { testid: "log-event", event } },
    make("details", { class: `${isWide ? "wide" : ""} ${level}` },
      make("summary", {}, make("time", {}, clock(at, true)), make("b", {}, event), isWide ? figures(more) : short(more)),
      body));
}

function wanted(record) {
  const kind = byId("log-kind").value;
  if (kind === "turns" && !WIDE.includes(record.event)) return false;
  if (kind === "loud" && !LOUD.includes(record.level)) return false;
  const words = byId("log-filter").value.trim().toLowerCase().split(/\s+/);
  const { event, level, ...more } = record;
  const text = [event, level, pairs(more), nameOf(record.user ?? "")].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

const written = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const pairs = (more) => Object.entries(more).map(([key, value]) => `${key}=${written(value)}`).join("  ");
const short = (more) => make("span", { class: "more" }, pairs(more));

function figures(more) {
  const chips = FIELDS.filter((name) => more[name] !== undefined && more[name] !== null)
    .map((name) => (name === "user" ? nameOf(more.user) : `${more[name]}`));
  for (const [key, value] of Object.entries(more)) {
    if (typeof value === "number" && NUMBERS.test(key)) chips.push(chip(key, value));
  }
  return make("span", { class: "chips" }, ...chips.slice(0, CHIPS_MAX).map((words) => make("span", {}, words)));
}

// "first_text_s: 0.526" is "first text 0.53 s".
function chip(key, value) {
  if (key.endsWith("_usd")) return `$${value}`;
  if (key.endsWith("_s")) return `${key.slice(0, -2).replaceAll("_", " ")} ${value.toFixed(2)} s`;
  return `${key.replaceAll("_", " ")} ${value}`;
}
