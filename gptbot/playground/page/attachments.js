// Files that wait to be sent with the next message: chosen, pasted or dropped.

import { byId, icon, make, size } from "./dom.js";
import { act } from "./feed.js";

const PHOTOS = ["image/png", "image/jpeg", "image/webp"];
const ALBUM_MAX = 10;

export class Attachments {
  constructor(changed) {
    this.files = [];
    this.changed = changed;
    byId("attach").addEventListener("click", () => byId("file").click());
    byId("file").addEventListener("change", (event) => {
      this.take(event.target.files);
      event.target.value = "";
    });
  }

  get any() { return this.files.length > 0; }

  take(files) {
    this.put([...this.files, ...files]);
  }

  put(files) {
    this.files = files;
    this.show();
  }

  release() {
    const { files } = this;
    this.put([]);
    return files;
  }

  show() {
    byId("attached").replaceChildren(...this.files.map((file) => make("li", {},
      file.type.startsWith("image/") ? thumbnail(file) : icon("file"),
      make("span", {}, file.name, make("small", {}, size(file.size))),
      make("button", {
        type: "button", class: "quiet", "aria-label": `Remove ${file.name}`,
        onclick: () => this.put(this.files.filter((other) => other !== file)),
      }, icon("close")))));
    byId("attached").hidden = !this.any;
    this.changed();
  }

  // Several photos are an album, and so are several files of other kinds. The text is the caption of the first.
  // What could not be sent is returned: {text, files}, or null.
  async send(files, caption, where) {
    const photos = files.filter((file) => PHOTOS.includes(file.type));
    const others = files.filter((file) => !photos.includes(file));
    let words = caption;
    const left = [];
    for (const kind of [photos, others]) {
      for (let at = 0; at < kind.length; at += ALBUM_MAX) {
        const together = kind.slice(at, at + ALBUM_MAX);
        if (await sendTogether(together, words, where)) words = "";
        else left.push(...together);
      }
    }
    return left.length ? { text: words, files: left } : null;
  }
}

async function sendTogether(files, caption, where) {
  const contents = await Promise.all(files.map(base64));
  if (files.length > 1) {
    const names = PHOTOS.includes(files[0].type) ? [] : files.map((file) => file.name);
    return act("send_album", { contents, caption, names, ...where });
  }
  const [file] = files;
  const seconds = file.type.startsWith("audio/") ? await length(file) : 1;
  const told = { name: file.name, mime_type: file.type, duration_s: seconds };
  return act("send_upload", { content: contents[0], caption, ...told, ...where });
}

function thumbnail(file) {
  const url = URL.createObjectURL(file);
  return make("img", { src: url, alt: "", onload: () => URL.revokeObjectURL(url) });
}

export function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}

// How long a recording is, in whole seconds; 1 when the browser can't tell.
function length(file) {
  return new Promise((resolve) => {
    const url = URL.createObjectURL(file);
    const audio = new Audio(url);
    const done = (seconds) => { URL.revokeObjectURL(url); resolve(seconds); };
    audio.addEventListener("loadedmetadata", () =>
      done(Number.isFinite(audio.duration) ? Math.max(1, Math.round(audio.duration)) : 1));
    audio.addEventListener("error", () => done(1));
  });
}
