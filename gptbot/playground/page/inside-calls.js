// Every call of the Bot API, with what it took.

import { byId, clock, make } from "./dom.js";
import { GrowingList } from "./inside-list.js";
import { nameOf } from "./store.js";

export function startCalls() {
  const calls = new GrowingList(byId("calls"), "call", row);
  byId("calls-polls").addEventListener("change", () => calls.again());
}

function row(call) {
  const isPoll = call.method.toLowerCase() === "getupdates";
  if (isPoll && call.ok && !call.updates && !byId("calls-polls").checked) return null;
  const to = call.chat_id ? (call.chat_id > 0 ? nameOf(call.chat_id) : "group") : "";
  const what = isPoll && call.ok ? `${call.updates} update${call.updates === 1 ? "" : "s"}` : call.words;
  const took = call.took_ms === null ? "" : `${call.took_ms < 10 ? call.took_ms : Math.round(call.took_ms)} ms`;
  return make("li", { class: call.ok ? "" : "refused", data: { testid: "call", method: call.method } },
    make("time", {}, clock(call.at, true)), make("b", {}, call.method), to && make("span", { class: "tag" }, to),
    make("span", { class: "more" }, call.ok ? what : call.problem), make("span", { class: "took" }, took));
}
