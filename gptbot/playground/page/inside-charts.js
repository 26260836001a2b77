// The state machines of fsm/, drawn from their tables: the states that somebody is in are lit, and the step taken last.

import { byId, clock, make } from "./dom.js";
import { GrowingList } from "./inside-list.js";
import { drawArrows } from "./arrows.js";
import { nameOf, on } from "./store.js";

const NAMES = { reply_chain: "A question", prompt_entry: "/prompt", announcement: "/announce" };
const LIT_MS = 4000;
let charts = [];
let flows = [];
let last = null;
let chosen = "reply_chain";
let isPinned = false; // the person chose a chart: the page does not change it

export function startCharts() {
  new GrowingList(byId("steps"), "step", step, 120);
  on("inside-all", (all) => {
    charts = all.charts;
    flows = all.flows?.items ?? [];
    choices();
    draw();
  });
  on("inside", ({ kind, item }) => {
    if (kind === "flows") flows = item.items;
    else if (kind === "bot" && item.state !== "running") flows = [];
    else if (kind === "step") taken(item);
    else return;
    light();
  });
  byId("follow").addEventListener("change", (event) => { isPinned = !event.target.checked; });
  new ResizeObserver(() => arrows()).observe(byId("chart"));
}

function choices() {
  byId("chart-names").replaceChildren(...charts.map((chart) => make("button", {
    type: "button", "aria-pressed": String(chart.name === chosen), data: { testid: `chart-${chart.name}` },
    onclick: () => { chosen = chart.name; choices(); draw(); },
  }, NAMES[chart.name] ?? chart.name)));
}

const current = () => charts.find((chart) => chart.name === chosen);

function draw() {
  const chart = current();
  if (!chart) return;
  const ranks = Map.groupBy?.(chart.states, (state) => state.rank) ?? grouped(chart.states);
  byId("chart-purpose").textContent = chart.purpose;
  byId("chart").replaceChildren(...[...ranks].sort(([a], [b]) => a - b).map(([, states]) =>
    make("div", { class: "rank" }, ...states.map((state) => box(chart, state)))));
  light();
}

function grouped(states) {
  const ranks = new Map();
  for (const state of states) ranks.set(state.rank, [...(ranks.get(state.rank) ?? []), state]);
  return ranks;
}

function box(chart, state) {
  const ways = chart.steps.filter((step) => step.source === state.name)
    .map((step) => `${step.event}${step.when ? ` [${step.when}]` : ""} → ${step.to}`);
  return make("button", {
    type: "button", class: `state ${state.final ? "final" : ""}`, data: { state: state.name, testid: `state-${state.name}` },
    title: ways.join("\n") || "the end", onclick: () => explain(state, ways),
  }, state.name.replaceAll("_", " "), make("span", { class: "who" }));
}

function explain(state, ways) {
  byId("ways").replaceChildren(make("b", {}, state.name), ...(ways.length ? ways : ["nothing happens any more"])
    .map((way) => make("div", {}, way)));
}

function light() {
  for (const node of byId("chart").querySelectorAll(".state")) {
    const here = flows.filter((flow) => flow.chart === chosen && flow.state === node.dataset.state);
    const fresh = last?.chart === chosen && last.after === node.dataset.state;
    node.classList.toggle("lit", here.length > 0);
    node.classList.toggle("fresh", fresh);
    node.setAttribute("aria-current", String(here.length > 0));
    node.querySelector(".who").textContent = here.map((flow) => nameOf(flow.user ?? "")[0] ?? "").join(" ");
  }
  arrows();
}

function arrows() {
  const chart = current();
  if (chart) drawArrows(byId("chart-box"), byId("chart"), chart.steps, last?.chart === chosen ? last : null);
}

function taken(item) {
  last = item;
  if (!isPinned && item.chart !== chosen) {
    chosen = item.chart;
    choices();
    draw();
  }
  setTimeout(() => {
    if (last !== item) return;
    last = null;
    light();
  }, LIT_MS);
}

function step(item) {
  const who = item.user ? nameOf(item.user) : "";
  const effects = item.effects.length ? `→ ${item.effects.join(", ")}` : "";
  return make("li", { data: { testid: "step" } },
    make("time", {}, clock(item.at, true)), who && make("span", { class: "tag" }, who), make("b", {}, item.event),
    make("span", { class: "more" }, `${item.before} › ${item.after} ${effects}`));
}
