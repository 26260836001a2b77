// A list that grows at its end, keeps to its end while one is there, and shows no item twice.

import { atEnd, toEnd } from "./dom.js";
import { on } from "./store.js";

// `row(item)` makes an element, or null for what is not shown. `kept`: how many rows at most.
export class GrowingList {
  constructor(list, kind, row, kept = 400) {
    this.list = list;
    this.row = row;
    this.kept = kept;
    this.newest = 0;
    this.items = [];
    this.follows = true; // a hidden list can't be scrolled: it catches up when its tab is chosen
    list.addEventListener("scroll", () => { if (list.clientHeight) this.follows = atEnd(list, 60); }, { passive: true });
    on("tab", () => { if (this.follows) toEnd(list); });
    on("inside-all", (all) => this.restart(all[kind]));
    on("inside", (event) => { if (event.kind === kind) this.add(event.item); });
  }

  // After a restart of the demo numbers begin anew.
  restart(items) {
    this.newest = 0;
    this.items = [];
    this.list.replaceChildren();
    for (const item of items) this.add(item);
    toEnd(this.list);
  }

  add(item) {
    if (item.n <= this.newest) return;
    this.newest = item.n;
    this.items.push(item);
    if (this.items.length > this.kept) this.items.shift();
    const row = this.row(item);
    if (row) this.list.append(row);
    while (this.list.children.length > this.kept) this.list.firstElementChild.remove();
    if (this.follows) toEnd(this.list);
  }

  again() {
    this.list.replaceChildren(...this.items.map(this.row).filter(Boolean));
    toEnd(this.list);
  }
}
