// Small helpers. Nothing is ever set as HTML, so no text can become markup.

// make("li", { class: "row", data: { id: 5 }, onclick }, "text", node, ...)
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Fills `node` when `shown` has changed: what is pressed or has the focus must stay the same node.
export function refill(node, shown, children) {
  const text = JSON.stringify(shown);
  if (node.dataset.shown === text) return;
  node.dataset.shown = text;
  node.replaceChildren(...children());
}

export const byId = (id) => document.getElementById(id);

// An icon of index.html.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function avatar(name, hue) {
  const initials = name.split(/\s+/).map((word) => [...word][0]).slice(0, 2).join("").toUpperCase();
  const node = make("span", { class: "avatar", "aria-hidden": "true" }, initials);
  node.style.setProperty("--hue", hue);
  return node;
}

export async function post(path, body = {}) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (response.status === 413) throw new Error("this is too large for the playground.");
  if (response.headers.get("Content-Type") !== "application/json") throw new Error(`${path}: ${response.status}`);
  const answer = await response.json();
  if (!answer.ok) throw new Error(answer.description);
  return answer.result;
}

const MINUTES = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const [toMinutes, toSeconds] = [MINUTES, { ...MINUTES, second: "2-digit" }]
  .map((options) => new Intl.DateTimeFormat([], options)); // slow to make

export function clock(seconds, withSeconds = false) {
  return (withSeconds ? toSeconds : toMinutes).format(seconds * 1000);
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function atEnd(list, withinPx = 120) {
  return list.scrollHeight - list.scrollTop - list.clientHeight < withinPx;
}

export const toEnd = (list) => { list.scrollTop = list.scrollHeight; };
