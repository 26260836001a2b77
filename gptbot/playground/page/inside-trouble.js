// Switches for trouble, and the bot's own process: kill -9 at will, and what it does then.

import { byId, make, post } from "./dom.js";
import { toast } from "./popups.js";
import { on } from "./store.js";

const SWITCHES = {
  telegram_429: ["Telegram answers 429", "Every other message is refused: “retry after 3 s”. Nothing is lost, the order stays."],
  telegram_down: ["Telegram is down", "No call gets through and nothing comes in. Write something, then switch this off again."],
  model_slow: ["The model is slow", "6 s until the first word, then four words a second. Stop works all the time."],
  model_cut: ["The stream is cut", "The model’s connection breaks in the middle of each answer; what came is kept."],
  model_busy: ["The model fails", "Status 500 for each question. It is tried again, then there is a word and a button; nobody pays."],
  model_markdown: ["Bad Markdown", "The model answers with broken markup. All of it stays readable."],
};
const BOT = {
  starting: "The bot is starting …", running: "The bot is running", killed: "The bot was killed", stopped: "The bot has stopped",
};

export function startTrouble() {
  on("inside-all", (all) => { showSwitches(all.trouble); showBot(all.bot); });
  on("inside", ({ kind, item }) => {
    if (kind === "trouble") showSwitches(item);
    if (kind === "bot") showBot(item);
  });
  byId("kill").addEventListener("click", () => tell("kill"));
  byId("start-bot").addEventListener("click", () => tell("start"));
}

async function tell(what, body) {
  try {
    await post(`/inside/${what}`, body);
  } catch (error) {
    toast(error.message);
  }
}

function showSwitches(trouble) {
  const focused = document.activeElement?.id;
  byId("switches").replaceChildren(...Object.entries(trouble ?? {}).map(([name, isOn]) => {
    const [title, words] = SWITCHES[name];
    return make("li", {}, make("label", { class: "switch" },
      make("input", {
        type: "checkbox", role: "switch", id: `trouble-${name}`, checked: isOn, data: { testid: `trouble-${name}` },
        onchange: (event) => tell("trouble", { name, on: event.target.checked }),
      }), make("span", {}, make("b", {}, title), make("small", {}, words))));
  }));
  if (focused?.startsWith("trouble-")) byId(focused)?.focus();
  const count = Object.values(trouble ?? {}).filter(Boolean).length;
  byId("tab-trouble").classList.toggle("warns", count > 0);
}

function showBot(bot) {
  const state = bot?.state ?? "starting";
  const more = state === "running" ? ` · pid ${bot.pid}` : "";
  for (const node of [byId("bot-state"), byId("bot-process")]) {
    node.textContent = `${BOT[state]}${more}`;
    node.dataset.state = state;
  }
  if (state === "running") byId("bot-process").textContent += ` · started in ${bot.start_s} s`;
  byId("kill").disabled = !["running", "starting"].includes(state);
  byId("start-bot").hidden = state !== "stopped";
}
