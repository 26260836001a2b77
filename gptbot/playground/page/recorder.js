// A voice message from the microphone: press to begin, press to send, Esc or the bin to drop it.

import { base64 } from "./attachments.js";
import { byId, duration, icon } from "./dom.js";
import { toast } from "./popups.js";

const TYPES = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];
const EXTENSIONS = { "audio/ogg": "oga", "audio/webm": "webm", "audio/mp4": "m4a" };
const LONGEST_S = 300;

export const recordedName = (type) => `voice.${EXTENSIONS[type] ?? "webm"}`;

export class Recorder {
  // `send(content, seconds, type)`: base64, and the media type without its codecs.
  constructor(send) {
    this.send = send;
    this.recorder = null;
    byId("record").addEventListener("click", () => (this.recorder ? this.end(true) : this.begin()));
    byId("record-drop").addEventListener("click", () => this.end(false));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape") this.end(false); });
  }

  get possible() { return Boolean(window.MediaRecorder && navigator.mediaDevices?.getUserMedia); }

  async begin() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      toast("No microphone: allow it for this page, or attach a recording as a file.");
      return;
    }
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const parts = [];
    this.started = Date.now();
    const recorder = new MediaRecorder(stream, { mimeType });
    this.recorder = recorder;
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", async () => {
      stream.getTracks().forEach((track) => track.stop());
      const seconds = Math.max(1, Math.round((Date.now() - this.started) / 1000));
      const type = (recorder.mimeType || mimeType || TYPES[1]).split(";")[0]; // what it is, whatever was asked for
      if (this.wanted) await this.send(await base64(new Blob(parts, { type })), seconds, type);
    });
    recorder.start();
    this.show(true);
    this.timer = setInterval(() => this.tick(), 250);
  }

  tick() {
    const seconds = (Date.now() - this.started) / 1000;
    byId("record-time").textContent = duration(seconds);
    if (seconds >= LONGEST_S) this.end(true);
  }

  end(wanted) {
    if (!this.recorder) return;
    clearInterval(this.timer);
    this.wanted = wanted;
    this.recorder.stop();
    this.recorder = null;
    this.show(false);
  }

  show(recording) {
    byId("composer").classList.toggle("recording", recording);
    byId("recording").hidden = !recording;
    byId("record").replaceChildren(icon(recording ? "send" : "mic"));
    byId("record").ariaLabel = recording ? "Send the voice message" : "Record a voice message";
    byId("record-time").textContent = duration(0);
  }
}
