// Light or dark; and on narrow screens which of the three parts is seen.

import { byId } from "./dom.js";
import { emit, on } from "./store.js";

const THEMES = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

export function startTheme() {
  const button = byId("theme");
  const apply = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.title = THEMES[theme];
    button.ariaLabel = THEMES[theme];
    localStorage.setItem("theme", theme);
  };
  apply(localStorage.getItem("theme") ?? "auto");
  button.addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme;
    // The first press always changes what is seen.
    const order = dark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
    apply(order[(order.indexOf(now) + 1) % 3]);
  });
}

export function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll("#views button")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  emit("tab");
}

export function startViews() {
  for (const button of document.querySelectorAll("#views button")) {
    button.addEventListener("click", () => view(button.dataset.view));
  }
  byId("toggle-inside").addEventListener("click", () => {
    const hidden = document.body.classList.toggle("no-inside");
    byId("toggle-inside").setAttribute("aria-pressed", String(!hidden));
  });
  on("room", () => document.body.classList.add("ready"));
  view("chat");
}
