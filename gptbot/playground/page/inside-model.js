// What the model was sent, word for word.

import { atEnd, byId, clock, make, size } from "./dom.js";
import { GrowingList } from "./inside-list.js";
import { on } from "./store.js";

export function startModel() {
  new GrowingList(byId("requests"), "model", row, 40);
  on("inside-all", ({ about }) => { byId("real-model").hidden = !about.real_model; });
}

function row(request) {
  const { messages, prompt, ...settings } = request.body;
  const kind = request.path.replace("/v1/", "");
  const shown = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ");
  const isRead = atEnd(byId("requests"), 60); // whoever has scrolled up reads another one
  if (isRead) for (const other of byId("requests").querySelectorAll("details[open]")) other.open = false;
  return make("li", { data: { testid: "model-request" } }, make("details", { open: isRead },
    make("summary", {}, make("time", {}, clock(request.at, true)), make("b", {}, kind),
      make("span", { class: "tag" }, `${settings.model ?? ""}`),
      messages && make("span", { class: "more" }, `${messages.length} message${messages.length === 1 ? "" : "s"}`)),
    ...(messages ?? []).map(message),
    prompt && part("prompt", prompt),
    ...request.files.map((file) => part("file", `${file.name}, ${size(file.bytes)}`)),
    make("p", { class: "settings" }, shown)));
}

function message({ role, content }) {
  if (typeof content === "string" || !content) return part(role, content ?? "");
  return part(role, ...content.map((piece) => (piece.type === "text" ? piece.text : `[${piece.type}] ${url(piece)}`)));
}

const url = (piece) => piece.image_url?.url ?? JSON.stringify(piece[piece.type] ?? "");

function part(role, ...texts) {
  return make("div", { class: `part ${role}` }, make("b", {}, role),
    ...texts.map((text) => make("div", { class: "said", dir: "auto" }, `${text}`)));
}
