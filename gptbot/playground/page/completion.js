// The command menu (setMyCommands): all of it by its button, what fits while one types "/".

import { byId, make } from "./dom.js";
import { currentRoom, on, speaker } from "./store.js";

export class Completion {
  constructor(area, send) {
    this.area = area;
    this.send = send;
    this.list = byId("menu");
    this.commands = new Map(); // room and person → what they are offered
    this.chosen = 0;
    on("commands", () => this.commands.clear());
    byId("commands").addEventListener("click", () => this.toggle());
    area.addEventListener("blur", () => setTimeout(() => document.activeElement !== area && this.close(), 150));
  }

  get open() { return !this.list.hidden; }

  async toggle() {
    if (this.open) {
      this.close();
      return;
    }
    this.area.focus();
    this.show(await this.known());
  }

  async known() {
    const room = currentRoom();
    const url = `/inside/menu/${speaker(room).id}/${room.chat.info.id}`;
    if (!this.commands.has(url)) {
      const found = await (await fetch(url)).json();
      if (found.length) this.commands.set(url, found);
      return found;
    }
    return this.commands.get(url);
  }

  // Called after each change of the text.
  async offer() {
    const typed = /^\/([a-z0-9_]*)$/i.exec(this.area.value);
    if (!typed || document.activeElement !== this.area) {
      if (this.open && this.area.value) this.close();
      return;
    }
    const begun = typed[1].toLowerCase();
    const fitting = (await this.known()).filter(({ command }) => command.startsWith(begun));
    if (this.area.value !== typed[0]) return; // typed on meanwhile
    if (fitting.length) this.show(fitting);
    else this.close();
  }

  show(commands) {
    this.chosen = 0;
    const items = commands.map(({ command, description }, index) => make("li", {
      role: "option", id: `menu-${index}`, data: { command, testid: "menu-item" },
      onmousedown: (event) => event.preventDefault(), // the field keeps the focus
      onclick: () => this.take(command, true),
    }, make("b", {}, `/${command}`), make("span", {}, description)));
    this.list.replaceChildren(...(items.length ? items : [make("li", { role: "presentation" }, "The bot has set no commands yet.")]));
    this.list.hidden = false;
    this.mark();
  }

  close() {
    this.list.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
  }

  mark() {
    [...this.list.children].forEach((item, index) => item.setAttribute("aria-selected", index === this.chosen));
    this.list.children[this.chosen]?.scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", `menu-${this.chosen}`);
  }

  // True when the key was for the menu.
  key(event) {
    if (!this.open) return false;
    const count = this.list.children.length;
    const command = this.list.children[this.chosen]?.dataset.command;
    switch (event.key) {
      case "ArrowDown": this.chosen = (this.chosen + 1) % count; break;
      case "ArrowUp": this.chosen = (this.chosen - 1 + count) % count; break;
      case "Escape": this.close(); break;
      case "Tab": if (!command) return false; this.take(command, false); break;
      case "Enter": if (event.shiftKey || !command) return false; this.take(command, true); break;
      default: return false;
    }
    event.preventDefault();
    if (this.open) this.mark();
    return true;
  }

  // Sends it at once, or writes it into the field, to go on with arguments.
  take(command, atOnce) {
    this.close();
    this.area.value = atOnce ? "" : `/${command} `;
    if (atOnce) this.send(`/${command}`);
    this.area.dispatchEvent(new Event("input"));
    this.area.focus();
  }
}
