// Reads QR codes from the camera, as long as the page is looked at.
//
// zxing-wasm is our own copy: without locateFile it would fetch its module from another host.

import { prepareZXingModule, readBarcodes } from "../../vendor/zxing-wasm-3.1.4/es/reader/index.js";

const WASM = new URL("../../vendor/zxing-wasm-3.1.4/reader/", import.meta.url).href;
const OPTIONS = { formats: ["QRCode"], maxNumberOfSymbols: 4, textMode: "Plain" };
const LOOK_EVERY_MS = 120;
const WIDEST = 1280;

/** Whether this page may have a camera: only over https, or on this machine itself. */
export function cameraIsPossible() {
  return window.isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);
}

export class Camera {
  /** `onCode(text)` is called for every code in every frame; the caller forgets repeats. */
  constructor(video, onCode) {
    this.video = video;
    this.onCode = onCode;
    this.canvas = document.createElement("canvas");
    this.facing = "environment";
    this.stream = null;
    this.looking = false;
  }

  /** Opens the camera and starts to look. Rejects when it is not allowed or there is none. */
  async start() {
    prepareZXingModule({
      overrides: { locateFile: (path) => WASM + path },
      fireImmediately: true,
    });
    await this.#open();
    document.addEventListener("visibilitychange", () => this.#visibilityChanged());
    this.#look();
  }

  async turn() {
    this.facing = this.facing === "environment" ? "user" : "environment";
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
    this.looking = false;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  get #track() {
    return this.stream?.getVideoTracks()[0];
  }

  async #open() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        facingMode: { ideal: this.facing },
        width: { ideal: WIDEST },
        height: { ideal: 720 },
      },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  async #visibilityChanged() {
    // Phones take the camera away from a hidden page; ask for it again on coming back.
    if (document.visibilityState !== "visible" || !this.looking) return;
    if (this.#track?.readyState !== "live") await this.#open().catch(() => {});
  }

  async #look() {
    this.looking = true;
    while (this.looking) {
      const began = performance.now();
      if (document.visibilityState === "visible") await this.#readFrame();
      const spent = performance.now() - began;
      // A slow phone rests as long as it worked, so the page stays quick to the touch.
      await new Promise((done) => setTimeout(done, Math.max(LOOK_EVERY_MS - spent, spent / 2, 20)));
    }
  }

  async #readFrame() {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return;
    const scale = Math.min(1, WIDEST / videoWidth);
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    const pen = this.canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    const frame = pen.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (const found of await readBarcodes(frame, OPTIONS)) {
      if (found.isValid && found.text) this.onCode(found.text);
    }
  }
}
