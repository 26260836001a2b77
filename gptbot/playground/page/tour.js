// The guided tour: a card above the chat with what to do, and what the page has seen done.
//
// For tests: #tour has data-step (the id in tour-steps.js, "offer", "end") and data-done ("true" when the page has seen
// all parts of the step); each part is an <li data-testid="tour-part" data-done>. Buttons: tour-do, tour-next,
// tour-back, tour-look, tour-leave; in the header take-tour. tour-proof holds what the step showed.

import { byId, make } from "./dom.js";
import { now, realModel, startEvidence } from "./tour-evidence.js";
import { Hands, reveal } from "./tour-hands.js";
import { ring, unring } from "./tour-ring.js";
import { STEPS } from "./tour-steps.js";
import { TEXTS } from "./tour-texts.js";
import { on, open, roomKey, state } from "./store.js";

const KEPT_AS = "tour";
const NEWS = ["room", "list", "message", "gone", "draft", "membership", "inside-all", "inside", "tab"];
const DATA_FILE_AFTER_MS = 1000; // data.json follows: what is read out should be true
const END = STEPS.length;
const TAB_NAMES = {
  log: "the log", data: "data.json", charts: "States", calls: "Bot API", model: "Model", trouble: "Trouble",
};
const card = byId("tour");

// mode: "" (not shown), "offer", "on". marks: where each step began, and how many of its parts are done.
let kept = { mode: "offer", at: 0, marks: [] };
let doing = null; // AbortController while "Do it for me" is at work
let trouble = "";
let telling = 0;

export function startTour() {
  kept = { ...kept, ...JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") };
  startEvidence();
  byId("take-tour").addEventListener("click", () => take());
  byId("tour-do").addEventListener("click", () => (kept.mode === "offer" ? take() : act()));
  byId("tour-next").addEventListener("click", () => (kept.at === END ? again() : go(kept.at + 1)));
  byId("tour-back").addEventListener("click", () => go(kept.at - 1));
  byId("tour-look").addEventListener("click", () => { reveal("inside"); tabOf(step()).click(); });
  byId("tour-leave").addEventListener("click", leave);
  on("inside-all", () => { if (kept.mode === "on" && !mark()) go(kept.at); });
  for (const type of NEWS) on(type, see);
  addEventListener("resize", see);
  document.addEventListener("click", () => setTimeout(see)); // a reply begun, a part of the page shown
}

const step = () => STEPS[kept.at];
const mark = () => kept.marks[kept.at];
const part = () => step()?.parts[mark()?.parts] ?? null;
const tabOf = ({ tab }) => byId(`tab-${tab === "model" && realModel() ? "log" : tab}`);
const worded = (text, facts) => (typeof text === "function" ? text(facts) : text);

function keep() {
  const text = JSON.stringify(kept);
  if (localStorage.getItem(KEPT_AS) !== text) localStorage.setItem(KEPT_AS, text);
}

// --- ways through it

function take() {
  kept.mode = "on";
  if (kept.at === END) Object.assign(kept, { at: 0, marks: [] });
  go(kept.at);
  byId("tour-title").focus();
}

function again() {
  kept.marks = [];
  go(0);
}

function go(at) {
  stopActing();
  step()?.tidy?.();
  kept.at = Math.max(0, Math.min(at, END));
  if (step()) {
    kept.marks[kept.at] ??= { ...now(), parts: 0 };
    begin(step());
  }
  see();
  say(`${byId("tour-place").textContent}. ${byId("tour-title").textContent}. ${byId("tour-words").textContent}`);
}

// Goes where the step is done, and shows what is to be watched.
function begin({ tab, chart, prepare, parts }) {
  const focused = document.activeElement;
  tabOf({ tab }).click();
  prepare?.();
  document.querySelector(`[data-testid="chart-${chart}"]`)?.click();
  const { chat } = parts[0];
  if (chat && state.current !== roomKey(chat)) open(roomKey(chat));
  if (tab !== "trouble") reveal("chat");
  if (matchMedia("(min-width: 701px)").matches) reveal("inside");
  if (card.contains(focused)) focused.focus(); // an opened chat takes it into its field
}

function leave() {
  stopActing();
  step()?.tidy?.();
  kept.mode = "";
  keep();
  show();
  byId("take-tour").focus();
}

// --- what the page sees

function see() {
  if (kept.mode === "on" && step() && mark()) {
    const before = mark().parts;
    while (part()?.done(mark())) mark().parts += 1;
    if (mark().parts > before) {
      trouble = "";
      clearTimeout(telling);
      telling = setTimeout(tell, DATA_FILE_AFTER_MS);
    }
  }
  keep();
  show();
}

function tell() {
  const next = byId("tour-parts").querySelector("[aria-current]");
  say(`Done. ${next ? `Next: ${next.textContent}` : byId("tour-proof").textContent}`);
}

function say(text) {
  byId("tour-said").textContent = text;
}

// --- "Do it for me"

async function act() {
  if (doing) return;
  const hadFocus = document.activeElement === byId("tour-do");
  doing = new AbortController();
  const { signal } = doing;
  trouble = "";
  show();
  try {
    const hands = new Hands(signal);
    while (part()) {
      const current = part();
      await current.act(hands, mark());
      await hands.until(() => part() !== current);
      await hands.pause();
    }
  } catch (error) {
    if (signal.aborted) return;
    trouble = error.message;
    say(trouble);
  }
  doing = null;
  show();
  if (hadFocus) byId("tour-next").focus();
}

function stopActing() {
  doing?.abort();
  doing = null;
  trouble = "";
  clearTimeout(telling);
}

// --- the card

function show() {
  const mode = kept.mode === "on" && !step() ? "end" : kept.mode;
  if (mode === "on" && !mark()) return; // nothing has come from the demo yet
  card.hidden = !mode;
  byId("take-tour").hidden = Boolean(mode);
  put(byId("take-tour").querySelector("span"), kept.marks.length && step() ? "Go on with the tour" : "Take the tour");
  if (mode === "on") showStep();
  else unring();
  if (mode === "offer") showOffer();
  if (mode === "end") showEnd();
}

function showOffer() {
  fill({ name: "offer", place: "", isDone: false });
  button("do", "Take the tour", true);
  for (const name of ["next", "back", "look"]) button(name, "");
  button("leave", "Not now");
}

function showEnd() {
  fill({ name: "end", place: "Done", isDone: true, facts: { isModelReal: realModel() } });
  for (const name of ["do", "back", "look"]) button(name, "");
  button("next", "Once more");
  button("leave", "Close", true);
}

function showStep() {
  const { id, parts, shows, facts } = step();
  const isDone = !part();
  fill({ name: id, place: `Step ${kept.at + 1} of ${END}`, isDone, parts, facts: facts?.(mark()) });
  button("do", isDone ? "" : doing ? "Doing it …" : "Do it for me", true);
  byId("tour-do").setAttribute("aria-disabled", String(Boolean(doing)));
  button("next", kept.at === END - 1 ? "Finish" : "Next", isDone);
  button("back", kept.at > 0 ? "Back" : "");
  button("look", `Show ${TAB_NAMES[tabOf(step()).id.replace("tab-", "")]}`);
  button("leave", "Leave");
  ring(part(), mark(), shows?.(mark()) ?? byId(tabOf(step()).getAttribute("aria-controls")));
}

function fill({ name, place, isDone, parts = [], facts = {} }) {
  const texts = TEXTS[name];
  const proof = trouble || (isDone && worded(texts.proof, facts)) || "";
  card.dataset.step = name;
  card.dataset.done = String(isDone);
  put(byId("tour-place"), place);
  put(byId("tour-title"), texts.title);
  put(byId("tour-words"), worded(texts.words, facts));
  put(byId("tour-proof"), proof);
  byId("tour-proof").hidden = !proof;
  byId("tour-bar").style.setProperty("--done", name === "end" ? END : kept.at + (isDone ? 1 : 0));
  fillParts(parts.map((_, index) => [worded(texts.hints[index], facts), index - mark().parts]));
}

// [what to do, how far ahead of now]; those behind are done.
function fillParts(parts) {
  const list = byId("tour-parts");
  const shown = JSON.stringify(parts);
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...parts.map(([hint, ahead]) => make("li", {
    "aria-current": ahead === 0 && "step", data: { testid: "tour-part", done: String(ahead < 0) },
  }, ahead < 0 && make("span", { class: "sr" }, "Done: "), hint)));
}

// Written only when it changes: the card is shown after every event.
function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Without a text it is not there.
function button(name, text, isPrimary = false) {
  const node = byId(`tour-${name}`);
  node.hidden = !text;
  put(node, text);
  node.className = isPrimary ? "primary" : "quiet";
}
