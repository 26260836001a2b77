// The actors alive now and what lies in their mailboxes.

import { byId, make } from "./dom.js";
import { nameOf, on } from "./store.js";

const DOES = {
  updates: "fetches updates from Telegram", directory: "gives each update to its user's actor",
  storage: "the only one that writes", data_writer: "keeps data.json up to date", reports: "the admin's feed",
  broadcast: "announcements", menu: "sets the commands",
};
const FULL_BAR = 8;

export function startActors() {
  on("inside-all", (all) => show(all.actors));
  on("inside", (event) => { if (event.kind === "actors") show(event.item); });
  on("inside", (event) => { if (event.kind === "bot" && event.item.state !== "running") show(null); });
}

function show(actors) {
  const items = actors?.items ?? [];
  byId("actors").replaceChildren(...items.map(row));
  byId("no-actors").hidden = items.length > 0;
}

function row(actor) {
  const waiting = actor.waiting + (actor.questions ?? 0);
  const busy = actor.busy || actor.doing || waiting > 0;
  const bar = make("meter", { min: 0, max: FULL_BAR, value: Math.min(waiting, FULL_BAR), "aria-label": `${waiting} waiting` });
  return make("tr", { class: busy ? "busy" : "", data: { testid: "actor" } },
    make("th", { scope: "row" }, make("span", { class: "lamp" }), actor.name),
    make("td", {}, doing(actor)),
    make("td", { class: "number" }, bar, `${waiting}`));
}

function doing(actor) {
  if (actor.user) {
    const what = actor.doing ? `${nameOf(actor.user)}: a ${actor.doing} is under way` : `${nameOf(actor.user)}: idle`;
    return actor.questions ? `${what}, ${actor.questions} more wait` : what;
  }
  if (actor.chat) return `sends to ${actor.chat > 0 ? nameOf(actor.chat) : "the group"}`;
  return DOES[actor.name] ?? "";
}
