// The ring around what is to be used now. What it is around is drawn anew all the time, so it is looked for again.

import { byId } from "./dom.js";
import { doorTo, isVisible } from "./tour-hands.js";
import { roomKey, state } from "./store.js";

let ringed = null;

// `part`: of the step, null when all is done; `since`: where the step began; `look`: where to look then.
export function ring(part, since, look) {
  const node = part ? wayTo(part, since) : within(look);
  if (node === ringed && node?.classList.contains("toured")) return;
  for (const old of document.querySelectorAll(".toured")) old.classList.remove("toured");
  ringed = node;
  node?.classList.add("toured");
  node?.scrollIntoView({ block: "nearest" });
}

export function unring() {
  ring({ target: () => null }, null, null);
}

// The element itself, or what leads to it: another chat in the list, or the button of a part that is hidden.
function wayTo(part, since) {
  if (part.chat && state.current !== roomKey(part.chat)) {
    return within(document.querySelector(`[data-room="${roomKey(part.chat)}"]`));
  }
  return within(part.target(since));
}

function within(node) {
  if (!node || isVisible(node)) return node;
  if (node.id.startsWith("panel-")) return doorTo("inside");
  const home = node.closest("#chats, #chat, #inside, [role=tabpanel]");
  if (home?.matches("[role=tabpanel]") && isVisible(byId("tabs"))) return byId(home.getAttribute("aria-labelledby"));
  return home ? doorTo(home.closest("#chats, #chat, #inside").id) : null;
}
