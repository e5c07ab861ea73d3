// What waits on this phone, row by row: queued, or sent and without its answer; and what somebody else
// left here. The count in the page's head is always true.

import { element, icon } from "./drawing.js";
import { saveAsFile } from "./export.js";
import { Roster } from "./roster.js";
import { chime, shake } from "./sounds.js";

const MOST_ROWS = 50;
// Online, an answer comes sooner than a row could be read.
const SHOWN_AFTER_MS = 1500;

export class Waiting {
  /** `queue`, `words`; `clock(milliseconds)` gives a time of day; `event` is this page's; addresses of the
   * sprite and the roster. */
  constructor({ queue, words, clock, icons, roster, event }) {
    Object.assign(this, { queue, words, clock, icons, event });
    this.roster = new Roster(roster);
    this.names = new Map();
    this.find = (id) => document.getElementById(id);
    this.find("send-now").addEventListener("click", () => queue.flush());
    this.find("save-queued").addEventListener("click", () => saveAsFile(queue.waiting));
    this.find("save-others").addEventListener("click", () => saveAsFile(queue.others));
  }

  /** Says of a scan that has no answer yet that it is kept, and whether the same card waits already. */
  async follow(scan) {
    const name = await this.roster.nameOf(scan.code);
    this.names.set(scan.id, name);
    setTimeout(() => this.#tell(scan, name), navigator.onLine === false ? 0 : SHOWN_AFTER_MS);
  }

  #tell(scan, name) {
    const { waiting } = this.queue;
    const place = waiting.findIndex((one) => one.id === scan.id);
    if (place < 0 || scan.direction === "undo") return;
    const isSame = (one) => one.code === scan.code && one.direction === scan.direction && one.event === scan.event;
    const kind = waiting.slice(0, place).some(isSame) ? "already" : "waiting";
    const box = element("div", `verdict verdict-${kind} verdict-kept`);
    const body = element("div", "verdict-body");
    const said = kind === "already" ? this.words.keptTwice : this.words.queued;
    body.append(element("span", "verdict-title", [name, said].filter(Boolean).join(" · ")));
    box.append(icon(this.icons, kind), body);
    this.find("answer").querySelector(".verdict-kept")?.remove();
    this.find("answer").prepend(box); // over the last answer, not in its place
    chime(kind);
    shake(kind);
  }

  draw() {
    const { waiting, others } = this.queue;
    const count = this.find("pending");
    count.dataset.count = String(waiting.length);
    count.querySelector("[data-number]").textContent = String(waiting.length);
    clearTimeout(this.timer);
    const age = waiting.length ? Date.now() - waiting[0].at : SHOWN_AFTER_MS;
    if (age < SHOWN_AFTER_MS) this.timer = setTimeout(() => this.#list(), SHOWN_AFTER_MS - age);
    else this.#list();
    this.find("others-box").hidden = !others.length;
    this.find("others-words").textContent = others.length ? this.#othersInWords(others) : "";
  }

  #list() {
    const { waiting } = this.queue;
    this.find("queued-box").hidden = !waiting.length;
    this.find("queued").replaceChildren(...waiting.slice(-MOST_ROWS).reverse().map((scan) => this.#row(scan)));
  }

  #row(scan) {
    const state = this.queue.stateOf(scan);
    const row = element("li", `scan-row scan-${state}`);
    row.dataset.queued = scan.id;
    const what = this.words[scan.direction];
    const typed = /^\d{8,10}$/.test(scan.code ?? "") ? `…${scan.code.slice(-4)}` : "";
    const whose = this.names.get(scan.id) || typed;
    const name = element("span", "scan-name", whose || what);
    const details = [whose ? what : "", this.words[state], this.clock(scan.at), scan.event === this.event ? "" : scan.eventName];
    name.append(element("small", "", details.filter(Boolean).join(" · ")));
    row.append(icon(this.icons, state === "sent" ? "upload" : "waiting"), name);
    return row;
  }

  #othersInWords(others) {
    const counts = new Map();
    for (const scan of others) counts.set(scan.ownerName, (counts.get(scan.ownerName) ?? 0) + 1);
    return [...counts].map(([name, number]) => `${name} · ${number}`).join("　");
  }
}
