// What the tour says, and what its hands write. Each text is a string, or made from the step's facts (tour-steps.js).

export const WRITTEN = {
  first: "Name three rivers in Europe.",
  further: "Which of them is the longest?",
  otherWay: "And three in Asia?",
  prompt: "You are Marv, a sarcastic but helpful assistant.",
  premium: "/pro Why is the sky blue?",
  draw: "/imagine a lighthouse in the fog",
  redraw: "/imagine make it night",
  announcement: "The book club meets on Friday at seven.",
  long: "How do lighthouses work?",
};

const counted = (count, one, many) => (count === 1 ? one : `${count} ${many}`);

export const TEXTS = {
  offer: {
    title: "New here?",
    words: "Eight small steps show what this bot can do, and what goes on inside.",
  },
  register: {
    title: "Two people join",
    words: "Press Start as Alice, then be Bob and come through her link: both get a bonus for that. "
      + "Look at data.json, where the accounts appear as soon as they are saved.",
    hints: ["Press Start as Alice", "Be Bob, and join through Alice’s link"],
    proof: ({ alice, bob }) =>
      `Alice has ${alice} tokens now and Bob ${bob}. Each was saved first and told afterwards.`,
  },
  fork: {
    title: "A conversation that forks",
    words: ({ isModelSeen }) => "Ask something and reply to the answer: that goes on with it. Then reply to the first "
      + `answer once more, which takes another way${isModelSeen ? ", and compare under Model what was sent" : ""}.`,
    hints: [
      `Ask “${WRITTEN.first}”`,
      `Reply to the answer: “${WRITTEN.further}”`,
      `Reply to the first answer again: “${WRITTEN.otherWay}”`,
    ],
    proof: "Three questions, two branches: the last one brought the first question and its answer along, "
      + "and knows nothing of the second.",
  },
  prompt: {
    title: "A character of one’s own",
    words: "Send /prompt, then an instruction, and save it. "
      + "Under States you see the dialog move; it would survive a restart in any of them.",
    hints: ["Send /prompt", `Send “${WRITTEN.prompt}”`, "Press Save"],
    proof: "Saved. From her next question on this is Alice’s system prompt; the next step shows it.",
  },
  premium: {
    title: "One answer from the premium model",
    words: "Put /pro before a question, and only this one goes to the premium model. "
      + "The log has one wide event for it: who, which model, tokens, cost, times.",
    hints: [`Send “${WRITTEN.premium}”`, "Send /balance"],
    proof: ({ model, charged }) =>
      `${model} answered. The premium purse paid ${charged} tokens for it, once, when the answer had arrived.`,
  },
  picture: {
    title: "A picture, and the same by night",
    words: "Let /imagine draw something, then reply to the picture to have it changed. "
      + "Under Bot API you see the calls: “upload_photo” while it is drawn, then sendPhoto.",
    hints: [`Send “${WRITTEN.draw}”`, `Reply to it: “${WRITTEN.redraw}”`],
    proof: "Each cost one image, booked when Telegram had taken the picture. A refused or failed one costs nothing.",
  },
  favor: {
    title: "A favour from the admin",
    words: "Olga takes most of Alice’s tokens away, Alice asks for more, and Olga decides by a button. "
      + "In data.json you see the balance go down and up again.",
    hints: [
      ({ refill }) => (refill ? `Be Olga and send “${refill}”` : "Be Olga and take Alice’s tokens"),
      "Be Alice and send /ask_favor",
      "Be Olga and press Yes",
    ],
    proof: ({ alice }) => `Alice has ${alice} tokens. Olga’s message shows what was decided, `
      + "and a second press would change nothing.",
  },
  announcement: {
    title: "A word to everybody",
    words: "As Olga, announce something: you see it as it will arrive, and how many will get it, before it leaves. "
      + "Watch the states, and the unread marks in the list of chats.",
    hints: ["Be Olga and send “/announce all”", `Send “${WRITTEN.announcement}”`, "Press Send"],
    proof: "Everybody has it, once. A kill in the middle would not change that: it would go on where it was.",
  },
  crash: {
    title: "Kill it in the middle of an answer",
    words: "Ask Alice’s question and kill the bot (kill -9) while the answer is being written. "
      + "It starts again by itself; then count the answers.",
    hints: [
      "Make the model slow, so that there is time",
      `Be Alice and ask “${WRITTEN.long}”, then press Kill while it answers`,
      "Make the model quick again, and wait for the answer",
    ],
    proof: ({ answers, charges }) => `One question, ${counted(answers, "one answer", "answers")}, `
      + `charged ${counted(charges.length, "once", "times")}: ${charges.join(" and ")} tokens. `
      + "The question lay on the disk before Telegram was told that it had arrived.",
  },
  end: {
    title: "That was the tour",
    words: ({ isModelReal }) => `You talked to the real bot${isModelReal
      ? " and a real model; only Telegram is a stand-in. "
      : "; only Telegram and the model are stand-ins, and nothing left this computer. "}`
      + "Go on as you like: make trouble, write in the group, attach a photo, press / for all commands.",
  },
};
