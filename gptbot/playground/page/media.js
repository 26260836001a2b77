// Photos, albums, documents, voice and what else a message may hold beside words.

import { duration, icon, make, size } from "./dom.js";

const fileUrl = (fileId) => `/control/files/${encodeURIComponent(fileId)}`;

// What a message without words is called in the chat list and in quoted headers.
const NAMES = {
  photo: "🖼 Photo", document: "📄 File", voice: "🎤 Voice message", audio: "🎵 Audio", sticker: "Sticker",
  location: "📍 Location", contact: "👤 Contact", poll: "📊 Poll", video: "🎬 Video", video_note: "🎬 Video message",
  successful_payment: "⭐ Paid", refunded_payment: "⭐ Payment returned",
  pinned_message: "📌 Pinned a message",
};

export function mediaName(message) {
  if (message.document) return `📄 ${message.document.file_name}`;
  if (message.invoice) return `⭐ ${message.invoice.title}`;
  if (message.sticker) return `${message.sticker.emoji ?? ""} Sticker`;
  return NAMES[Object.keys(NAMES).find((kind) => message[kind])] ?? "";
}

export function media(message) {
  if (message.photo) return [photo(message)];
  if (message.voice) return [player(message.voice, "Voice message")];
  if (message.audio) return [player(message.audio, message.audio.title ?? message.audio.file_name ?? "Audio")];
  if (message.document) return [documentLink(message.document)];
  if (message.sticker) return [make("div", { class: "sticker" }, message.sticker.emoji ?? "🙂")];
  const name = mediaName(message);
  return name ? [make("div", { class: "kind" }, name)] : [];
}

// Several photos sent as one: a grid.
export function album(messages) {
  return make("div", { class: `album of-${Math.min(messages.length, 4)}`, role: "group", "aria-label": "Album" },
    ...messages.map((message) => (message.photo ? photo(message) : media(message)[0])));
}

function photo(message) {
  const largest = message.photo.at(-1);
  const image = make("img", {
    src: fileUrl(largest.file_id), alt: message.caption ?? "Photo", width: largest.width, height: largest.height,
    loading: "lazy",
  });
  return make("button", {
    type: "button", class: "photo", "aria-label": "Show the photo large", data: { photo: largest.file_id },
    onclick: (event) => { event.stopPropagation(); showLarge(image); },
  }, image);
}

function showLarge(image) {
  const dialog = document.getElementById("viewer");
  dialog.querySelector("img").src = image.src;
  dialog.querySelector("img").alt = image.alt;
  dialog.showModal();
}

function documentLink(file) {
  return make("a", {
    class: "document", href: fileUrl(file.file_id), download: file.file_name,
    "aria-label": `Download ${file.file_name}, ${size(file.file_size)}`,
  }, make("span", { class: "file-icon" }, icon("file")),
  make("span", {}, make("b", {}, file.file_name), make("small", {}, size(file.file_size))));
}

function player(file, label) {
  const audio = make("audio", { src: fileUrl(file.file_id), preload: "metadata" });
  const bar = make("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const time = make("small", {}, duration(file.duration ?? 0));
  const button = make("button", { type: "button", class: "play", "aria-label": `Play: ${label}` }, icon("play"));
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    if (audio.paused) audio.play().catch(() => { time.textContent = "can't be played"; });
    else audio.pause();
  });
  const shown = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.ariaLabel = `${audio.paused ? "Play" : "Pause"}: ${label}`;
  };
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, shown);
  audio.addEventListener("timeupdate", () => {
    const whole = Number.isFinite(audio.duration) ? audio.duration : file.duration || 1;
    bar.value = Math.min(1, audio.currentTime / whole);
    time.textContent = duration(audio.paused ? whole : audio.currentTime);
  });
  return make("div", { class: "voice" }, button, make("div", {}, make("b", {}, label), bar, time), audio);
}
