// What a code in front of the camera is, as far as the page must know; the server decides.

/** "event" for an event's code or its address, "card" for all that may be somebody's. */
export function kindOf(text) {
  return /\/q\/\d+\/[0-9A-Z]+$/.test(text) ? "event" : "card";
}

/** Path of an event code's page here, or null. An address of another host is never followed. */
export function pathOf(text, ownHosts) {
  const found = /^(?:https?:\/\/([^/]+))?(\/q\/[1-9]\d{0,17}\/[0-9A-Z]{6,10})$/i.exec(text.trim());
  if (!found) return null;
  if (found[1] && !ownHosts.includes(found[1].toLowerCase())) return null;
  return found[2];
}

/** Path of the page about a scanned card, below `base`, or null. Never at another host. */
export function cardPathOf(text, ownHosts, base) {
  const found = /^(?:(?:https?:\/\/([^/]+))?\/c\/)?([0-9A-Z]{20})$/i.exec(text.trim());
  if (!found) return null;
  if (found[1] && !ownHosts.includes(found[1].toLowerCase())) return null;
  return base + found[2].toUpperCase();
}

const FULL_WIDTH = /[\uff10-\uff19]/g;

/** Typed digits as the server reads them: full-width ones made plain, spaces left out. */
export function plainDigits(text) {
  return text
    .replace(FULL_WIDTH, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
    .replace(/[\s\u3000-]/g, "");
}

/** Forgets a code that is still in front of the camera: true once, then again after it was away. */
export class OnceInAWhile {
  constructor(pauseMs) {
    this.pauseMs = pauseMs;
    this.seen = new Map();
  }

  isNew(text, now = Date.now()) {
    const last = this.seen.get(text);
    this.seen.set(text, now);
    if (this.seen.size > 200) this.seen.delete(this.seen.keys().next().value);
    return last === undefined || now - last > this.pauseMs;
  }
}
