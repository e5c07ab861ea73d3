// Reads QR codes from the camera, as long as the page is looked at.
//
// zxing-wasm is our own copy: without locateFile it would fetch its module from another host.

import { prepareZXingModule, readBarcodes } from "../../vendor/zxing-wasm-3.1.4/es/reader/index.js";

const WASM = new URL("../../vendor/zxing-wasm-3.1.4/reader/", import.meta.url).href;
const OPTIONS = { formats: ["QRCode"], maxNumberOfSymbols: 4, textMode: "Plain" };
const LOOK_EVERY_MS = 120;
const WIDEST = 1280;
const FETCH_AGAIN_MS = 2000;

/** Whether this page may have a camera: only over https, or on this machine itself. */
export function cameraIsPossible() {
  return window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);
}

function fetchReader() {
  // A failed fetch is kept by the module for the same overrides: new ones start a new fetch.
  const overrides = { locateFile: (path) => WASM + path };
  prepareZXingModule({ overrides, fireImmediately: true }).catch(() => {}); // the first frame tells
}

export class Camera {
  /**
   * `on`: code(text) for every code in every frame, and the caller forgets repeats; open(whether)
   * when the picture comes, stops or may not be; reader(whether) when what reads it is missing.
   */
  constructor(video, on) {
    this.video = video;
    this.on = on;
    this.canvas = document.createElement("canvas");
    this.facing = "environment";
    this.stream = null;
    this.wanted = false;
    this.opening = 0;
    this.onSeen = () => this.#seenAgain();
  }

  /** Opens the camera and starts to look, until `stop()`. */
  async start() {
    this.wanted = true;
    fetchReader();
    document.addEventListener("visibilitychange", this.onSeen);
    await this.#open();
    this.#look();
  }

  async turn() {
    this.#face();
    if (await this.#open()) return;
    this.#face();
    await this.#open();
  }

  /** Whether the lamp beside the lens can be switched. */
  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  async setTorch(on) {
    await this.#track?.applyConstraints({ advanced: [{ torch: on }] });
  }

  stop() {
    this.wanted = false;
    document.removeEventListener("visibilitychange", this.onSeen);
    this.#close();
  }

  get #track() {
    return this.stream?.getVideoTracks()[0];
  }

  #face() {
    this.facing = this.facing === "environment" ? "user" : "environment";
  }

  #close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  /** Whether the picture is there now; told to `on.open` as well. */
  async #open() {
    this.#close();
    const mine = (this.opening += 1);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          facingMode: { ideal: this.facing },
          width: { ideal: WIDEST },
          height: { ideal: 720 },
        },
      });
      if (!this.wanted || mine !== this.opening) {
        // Stopped, or asked for again, while the person was asked.
        for (const track of stream.getTracks()) track.stop();
        return false;
      }
      this.stream = stream;
      const track = this.#track;
      track.addEventListener("ended", () => track === this.#track && this.#open());
      this.video.srcObject = stream;
      await this.video.play();
    } catch {
      if (!this.wanted || mine !== this.opening) return false;
      this.#close();
    }
    this.on.open(Boolean(this.stream));
    return Boolean(this.stream);
  }

  async #seenAgain() {
    // Phones take the camera away from a hidden page, and a permission is given on another one: ask
    // again on coming back.
    if (document.visibilityState === "visible" && this.#track?.readyState !== "live") await this.#open();
  }

  async #look() {
    while (this.wanted) {
      const began = performance.now();
      if (document.visibilityState === "visible") await this.#readFrame();
      const spent = performance.now() - began;
      // A slow phone rests as long as it worked, so the page stays quick to the touch.
      await rest(Math.max(LOOK_EVERY_MS - spent, spent / 2, 20));
    }
  }

  async #readFrame() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth || !this.stream) return;
    const scale = Math.min(1, WIDEST / videoWidth);
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const frame = pen.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (const found of await this.#read(frame)) {
      if (found.isValid && found.text) this.on.code(found.text);
    }
  }

  async #read(frame) {
    try {
      const found = await readBarcodes(frame, OPTIONS);
      this.on.reader(true);
      return found;
    } catch {
      // Half a megabyte that did not arrive, on the network of a lane.
      this.on.reader(false);
      await rest(FETCH_AGAIN_MS);
      fetchReader();
      return [];
    }
  }
}

function rest(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
