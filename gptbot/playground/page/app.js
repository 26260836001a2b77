// The page of the playground. What happens comes as server-sent events; the first one is everything, so a lost
// connection mends itself.

import { startHead } from "./chathead.js";
import { startList } from "./chatlist.js";
import { Composer } from "./composer.js";
import { byId } from "./dom.js";
import { startFeed } from "./feed.js";
import { startInside } from "./inside.js";
import { startPinned } from "./pinned.js";
import { startPopups } from "./popups.js";
import { emit, handlers } from "./store.js";
import { startTour } from "./tour.js";
import { startTheme, startViews, view } from "./views.js";

startTheme();
startViews();
startPopups();
startInside();
startHead();
startFeed(new Composer());
startPinned();
startList(() => view("chat"));
startTour();

const source = new EventSource("/control/events");
source.addEventListener("message", (message) => {
  const event = JSON.parse(message.data);
  handlers[event.type]?.(event);
  if (event.type === "snapshot") loadInside();
});
source.addEventListener("open", () => { byId("lost").hidden = true; });
source.addEventListener("error", () => { byId("lost").hidden = false; });

// Its own request, so that the stream stays small; what happens meanwhile carries numbers.
async function loadInside() {
  const response = await fetch("/inside");
  if (response.ok) emit("inside-all", await response.json());
}
