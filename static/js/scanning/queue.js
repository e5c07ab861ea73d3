// Scans on their way to the server: kept on the phone until each has its answer, sent again with the
// same id when the network was gone, so a lost reply never makes a second scan. What somebody else
// queued on this phone is counted apart and never sent: it would be recorded as this person's.

import { newId } from "./ids.js";
import { openKept } from "./kept.js";
import { measureSkew } from "./skew.js";

const MOST_AT_ONCE = 50;
const WAITS_MS = [1000, 2000, 4000, 8000, 15000];
const GIVE_UP_MS = 15000;

export class ScanQueue {
  /**
   * `address`, `csrf`: where to send and the page's token. `owner`: { key, name } of who is signed in.
   * `on`: answers(pairs of scan and verdict), those that came together; changed(), when what waits
   * or how far it is has changed; trouble(kind: "network" | "signIn", words); kept(whether it lasts).
   */
  constructor({ address, csrf, owner, on }) {
    Object.assign(this, { address, csrf, owner, on });
    this.waiting = [];
    this.others = [];
    this.sent = new Set();
    this.sending = false;
    this.tries = 0;
    this.timer = null;
    this.ready = this.#open();
    window.addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => this.flush());
  }

  get size() {
    return this.waiting.length;
  }

  /** "queued", or "sent" while its answer is on the way. */
  stateOf(scan) {
    return this.sent.has(scan.id) ? "sent" : "queued";
  }

  /** Adds a scan; gives it with its id. It is sent once it is on the disk. */
  add(scan) {
    const now = new Date();
    const made = { ...scan, id: newId(), scanned_at: now.toISOString(), at: now.getTime() };
    Object.assign(made, { owner: this.owner.key, ownerName: this.owner.name });
    this.waiting.push(made);
    this.on.changed();
    this.#keep(made);
    return made;
  }

  async flush() {
    await this.ready;
    if (this.sending || !this.waiting.length) return;
    clearTimeout(this.timer);
    this.sending = true;
    const batch = this.waiting.slice(0, MOST_AT_ONCE);
    this.#mark(batch);
    const answered = await this.#send(batch);
    this.#mark([]);
    this.sending = false;
    if (answered) {
      this.tries = 0;
      this.flush();
    } else {
      const wait = WAITS_MS[Math.min(this.tries, WAITS_MS.length - 1)];
      this.tries += 1;
      this.timer = setTimeout(() => this.flush(), wait);
    }
  }

  async #open() {
    this.kept = await openKept();
    const rows = await this.kept.all().catch(() => []);
    const known = new Set(this.waiting.map((scan) => scan.id));
    const mine = rows.filter((row) => row.owner === this.owner.key && !known.has(row.id));
    this.others = rows.filter((row) => row.owner !== this.owner.key);
    this.waiting = [...mine, ...this.waiting];
    this.on.kept(this.kept.lasts);
    this.on.changed();
    setTimeout(() => this.flush());
  }

  async #keep(scan) {
    await this.ready;
    try {
      await this.kept.put(scan);
      // Asked once there is something to lose; a browser may say no, and the queue works all the same.
      navigator.storage?.persist?.().catch(() => {});
    } catch {
      this.on.kept(false); // the disk is full: it is in memory, and the page says so
    }
    this.flush();
  }

  #mark(batch) {
    this.sent = new Set(batch.map((scan) => scan.id));
    this.on.changed();
  }

  /** Whether the batch has its answers. */
  async #send(batch) {
    const askedAt = Date.now();
    let response;
    let answer;
    try {
      response = await fetch(this.address, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ sent_at: new Date(askedAt).toISOString(), scans: batch.map(asRow) }),
        signal: AbortSignal.timeout?.(GIVE_UP_MS),
      });
      answer = await response.json();
    } catch {
      this.on.trouble("network");
      return false;
    }
    if (response.ok) {
      measureSkew(askedAt, answer.received_at);
      this.#answered(batch, answer.verdicts);
      return true;
    }
    this.on.trouble(response.status === 401 || response.status === 403 ? "signIn" : "network", answer.words);
    return false;
  }

  #answered(batch, verdicts) {
    const ids = batch.map((scan) => scan.id);
    this.waiting = this.waiting.filter((scan) => !ids.includes(scan.id));
    // Should the phone die before this, they are sent once more and get the same answers.
    this.kept.remove(ids).catch(() => {});
    this.on.changed();
    this.on.answers(batch.map((scan, place) => [scan, verdicts[place]]));
  }
}

/** A scan as it is sent, the same bytes at every try: the server compares them. */
export function asRow({ id, event, code, direction, undoes, scanned_at }) {
  return { id, event, code, direction, undoes, scanned_at };
}
