// Beside the chat: tabs that show what goes on in the bot. Each tab has a file of its own.

import { startActors } from "./inside-actors.js";
import { startCalls } from "./inside-calls.js";
import { startCharts } from "./inside-charts.js";
import { startData } from "./inside-data.js";
import { startLog } from "./inside-log.js";
import { startModel } from "./inside-model.js";
import { startTrouble } from "./inside-trouble.js";
import { byId } from "./dom.js";
import { emit } from "./store.js";

const tabs = [...document.querySelectorAll("#tabs [role=tab]")];

export function startInside() {
  for (const start of [startLog, startData, startCharts, startActors, startCalls, startModel, startTrouble]) start();
  for (const tab of tabs) tab.addEventListener("click", () => choose(tab));
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
  choose(tabs.find((tab) => tab.id === sessionStorage.getItem("tab")) ?? tabs[0]);
}

function choose(chosen) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
  chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
  sessionStorage.setItem("tab", chosen.id);
  emit("tab", chosen.id);
}
