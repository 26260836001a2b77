// The eight steps. A step is `tab` (what to look at inside) and parts done one after another. A part has
//   chat    whose chat it happens in (left out: any),
//   target  the element to use now (ringed by tour-ring.js),
//   act     the same done by `Hands`,
//   done    true as soon as the page has seen it in messages or in what the bot tells of itself (tour-evidence.js).
// `since` is where the step began: {id, at, parts: how many are done}. `facts` are for the texts. When all parts are
// done, the panel of `tab` is ringed, or what `shows` gives. `prepare` sets the panel up; `tidy` undoes what must not stay.

import { byId } from "./dom.js";
import {
  ALICE, BOB, OLGA, account, bot, canSwitch, chatOf, draftTo, entered, offered, realModel, said, settled, switchedOn,
  told,
} from "./tour-evidence.js";
import { field, inlineButton } from "./tour-hands.js";
import { WRITTEN } from "./tour-texts.js";

const PLAIN = /^[^/]/;
const PREMIUM = /^\/(pro|prem|premium|gpt4)\b/;
const BALANCE = /^\/balance\b/;
const FAVOR = /^\/(ask_?)?favor\b/;
const SAVE = /^dlg:\w+:save/;
const SEND = /^dlg:\w+:send/;
const ALICES_FAVOR = new RegExp(`^favor:${ALICE}:`);
const FAVOR_YES = new RegExp(`^favor:${ALICE}:\\d+:yes$`);
const FAVOR_LIMIT = 10_000; // FAVOR_MIN_LIMIT: whoever has more can't ask
const LEFT_FOR_FAVOR = 5000;
const IS_SLOW = "model_slow";
const LONG_ENOUGH = 20; // characters of an answer that can be seen to break off

const testId = (id) => document.querySelector(`[data-testid="${id}"]`);
const bubble = (message) => message && byId(`message-${message.message_id}`)?.querySelector(".bubble");

// Parts of one kind.

const writing = (userId, text, done) => ({
  chat: userId, done, target: () => field(userId), act: (hands) => hands.write(userId, text),
});

// `find` gives the message, `handle` what one presses of it.
const replying = (text, find, done, handle = bubble) => ({
  chat: ALICE,
  done,
  target: (since) => (byId("context").hidden ? handle(find(since)) : byId("text")),
  act: (hands, since) => hands.reply(ALICE, find(since), text),
});

const pressing = (userId, button, done) => ({
  chat: userId,
  done,
  target: (since) => inlineButton(userId, button, since),
  act: (hands, since) => hands.pressButton(userId, button, since),
});

// What has been seen, in a step's own words.

const answers = (since) => settled("turn.finished", ALICE, since);
const went = (origin) => (since) => answers(since).some((turn) => turn.origin === origin);
const firstAnswer = (since) => {
  const [question] = said(ALICE, PLAIN, since);
  return question && told(ALICE, question)[0];
};
const moved = (chart, state) => (since) => entered(chart, state, since);

const pictures = (since) => settled("picture.finished", ALICE, since).length;
const picture = (since) => told(ALICE, since).filter((message) => message.photo).at(-1);
// On a touch screen there are no tools beside a message: one touches the bubble, beside the picture.
const handleOf = (message) => (matchMedia("(hover: none)").matches ? bubble(message)
  : message && byId(`message-${message.message_id}`)?.querySelector("[data-testid=reply]"));

const tooRich = () => (account(ALICE).balance ?? FAVOR_LIMIT) >= FAVOR_LIMIT;
const refill = () => `/refill @alice -${Math.max(0, (account(ALICE).balance ?? 0) - LEFT_FOR_FAVOR)}`;

const question = (since) => said(ALICE, PLAIN, since).at(-1);
const replied = (since) => (question(since) ? told(ALICE, question(since)) : []);
const waits = (since) => Boolean(question(since)) && replied(since).length === 0;
const turnsOfIt = (since) => answers(since).filter(({ at }) => at >= question(since)?.date);
const slowSwitch = () => byId(`trouble-${IS_SLOW}`);

export const STEPS = [
  {
    id: "register",
    tab: "data",
    parts: [
      {
        chat: ALICE,
        target: () => field(ALICE),
        act: (hands) => hands.press(() => testId("start")),
        done: () => told(ALICE).length > 0,
      },
      {
        chat: BOB,
        target: () => testId("join-Alice") ?? field(BOB),
        act: (hands) => hands.joinThrough(BOB, "Alice"),
        done: () => told(BOB).length > 0 && account(BOB).balance !== undefined,
      },
    ],
    facts: () => ({ alice: account(ALICE).balance, bob: account(BOB).balance }),
  },
  {
    id: "fork",
    tab: "model",
    parts: [
      writing(ALICE, WRITTEN.first, (since) => answers(since).length > 0),
      replying(WRITTEN.further, firstAnswer, went("chained")),
      replying(WRITTEN.otherWay, firstAnswer, went("forked")),
    ],
    facts: () => ({ isModelSeen: !realModel() }),
  },
  {
    id: "prompt",
    tab: "charts",
    chart: "prompt_entry",
    parts: [
      writing(ALICE, "/prompt", moved("prompt_entry", "asking")),
      writing(ALICE, WRITTEN.prompt, moved("prompt_entry", "previewing")),
      pressing(ALICE, SAVE, moved("prompt_entry", "saved")),
    ],
  },
  {
    id: "premium",
    tab: "log",
    prepare: () => {
      byId("log-kind").value = "turns";
      byId("log-kind").dispatchEvent(new Event("change"));
    },
    parts: [
      writing(ALICE, WRITTEN.premium, (since) => said(ALICE, PREMIUM, since)
        .some(({ date }) => answers(since).some(({ at }) => at >= date))),
      writing(ALICE, "/balance", (since) => said(ALICE, BALANCE, since).some((asked) => told(ALICE, asked).length > 0)),
    ],
    facts: (since) => answers(since).at(-1) ?? {},
  },
  {
    id: "picture",
    tab: "calls",
    parts: [
      writing(ALICE, WRITTEN.draw, (since) => pictures(since) > 0),
      replying(WRITTEN.redraw, picture, (since) => pictures(since) > 1, handleOf),
    ],
  },
  {
    id: "favor",
    tab: "data",
    parts: [
      {
        chat: OLGA,
        target: () => field(OLGA),
        act: async (hands) => {
          await hands.join(ALICE);
          await hands.until(() => account(ALICE).balance !== undefined);
          if (tooRich()) await hands.write(OLGA, refill());
        },
        done: () => !tooRich(),
      },
      writing(ALICE, "/ask_favor", (since) => offered(OLGA, ALICES_FAVOR, since) !== null),
      pressing(OLGA, FAVOR_YES, (since) => offered(OLGA, ALICES_FAVOR, since) === null
        && told(ALICE, said(ALICE, FAVOR, since).at(-1)).length > 1),
    ],
    facts: ({ parts }) => ({ alice: account(ALICE).balance, refill: parts === 0 && tooRich() ? refill() : "" }),
  },
  {
    id: "announcement",
    tab: "charts",
    chart: "announcement",
    parts: [
      writing(OLGA, "/announce all", moved("announcement", "content")),
      writing(OLGA, WRITTEN.announcement, moved("announcement", "preview")),
      pressing(OLGA, SEND, moved("announcement", "reported")),
    ],
  },
  {
    id: "crash",
    tab: "trouble",
    parts: [
      {
        target: slowSwitch,
        act: (hands) => hands.press(slowSwitch),
        done: () => switchedOn(IS_SLOW) || !canSwitch(IS_SLOW),
      },
      {
        chat: ALICE,
        target: (since) => (waits(since) ? byId("kill") : field(ALICE)),
        act: async (hands, since) => {
          await hands.write(ALICE, WRITTEN.long);
          await hands.until(() => draftTo(ALICE).length > LONG_ENOUGH || replied(since).length > 0);
          await hands.press(() => byId("kill"));
        },
        done: (since) => waits(since) && ["killed", "starting"].includes(bot()),
      },
      {
        target: () => (switchedOn(IS_SLOW) ? slowSwitch() : bubble(chatOf(ALICE).at(-1))),
        act: async (hands) => {
          if (switchedOn(IS_SLOW)) await hands.press(slowSwitch);
          await hands.be(ALICE);
        },
        done: (since) => !switchedOn(IS_SLOW) && turnsOfIt(since).length > 0 && !waits(since),
      },
    ],
    shows: (since) => bubble(replied(since)[0]),
    tidy: () => { if (switchedOn(IS_SLOW)) slowSwitch()?.click(); },
    facts: (since) => ({
      answers: replied(since).length,
      charges: turnsOfIt(since).map(({ charged }) => charged),
    }),
  },
];
