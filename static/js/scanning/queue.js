// Scans on their way to the server: kept in memory until each has its answer, sent again with the
// same id when the network was gone, so a lost reply never makes a second scan.

import { newId } from "./ids.js";

const MOST_AT_ONCE = 50;
const WAITS_MS = [1000, 2000, 4000, 8000, 15000];
const GIVE_UP_MS = 15000;

export class ScanQueue {
  /**
   * `address`, `csrf`: where to send and the page's token.
   * `on`: answers(pairs of scan and verdict), those that came together; count(number);
   * trouble(kind: "network" | "signIn", words).
   */
  constructor({ address, csrf, on }) {
    this.address = address;
    this.csrf = csrf;
    this.on = on;
    this.waiting = [];
    this.sending = false;
    this.tries = 0;
    this.timer = null;
    window.addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => this.flush());
  }

  get size() {
    return this.waiting.length;
  }

  /** Adds a scan; gives it with its id. */
  add(scan) {
    const made = { ...scan, id: newId(), scanned_at: new Date().toISOString() };
    this.waiting.push(made);
    this.on.count(this.size);
    this.flush();
    return made;
  }

  async flush() {
    if (this.sending || !this.waiting.length) return;
    clearTimeout(this.timer);
    this.sending = true;
    const batch = this.waiting.slice(0, MOST_AT_ONCE);
    const sent = await this.#send(batch);
    this.sending = false;
    if (sent) {
      this.tries = 0;
      this.flush();
    } else {
      const wait = WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)];
      this.tries += 1;
      this.timer = setTimeout(() => this.flush(), wait);
    }
  }

  /** Whether the batch has its answers. */
  async #send(batch) {
    let response;
    let answer;
    try {
      response = await fetch(this.address, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ sent_at: new Date().toISOString(), scans: batch.map(asRow) }),
        signal: AbortSignal.timeout?.(GIVE_UP_MS),
      });
      answer = await response.json();
    } catch {
      this.on.trouble("network");
      return false;
    }
    if (response.ok) {
      this.#answered(batch, answer.verdicts);
      return true;
    }
    this.on.trouble(response.status === 401 || response.status === 403 ? "signIn" : "network", answer.words);
    return false;
  }

  #answered(batch, verdicts) {
    this.waiting = this.waiting.slice(batch.length);
    this.on.count(this.size);
    this.on.answers(batch.map((scan, place) => [scan, verdicts[place]]));
  }
}

function asRow({ id, event, code, direction, undoes, scanned_at }) {
  return { id, event, code, direction, undoes, scanned_at };
}
