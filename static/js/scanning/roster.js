// Whose card that probably is, without network: hashes of card codes and first characters of names. It
// lies beside the kept page, is thrown away with it, and is not looked at after its hours.

import { measuredSkew } from "./skew.js";

const HASH_DIGITS = 16;

export class Roster {
  /** `address`: where the worker fetched it from. */
  constructor(address) {
    this.cards = this.#open(address).catch(() => ({}));
  }

  /** 「陈*」, or "" for a card that is not in it, a typed number, or a page on plain http. */
  async nameOf(code) {
    const card = /(?:^|\/c\/)([0-9A-Z]{20})$/.exec(code ?? "")?.[1];
    if (!card || !globalThis.crypto?.subtle) return "";
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(card)));
    const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return (await this.cards)[digits.slice(0, HASH_DIGITS)] ?? "";
  }

  async #open(address) {
    const response = await globalThis.caches?.match(address);
    if (!response) return {};
    const { until, cards } = await response.json();
    if (Date.now() + (measuredSkew() ?? 0) < Date.parse(until)) return cards;
    for (const name of await caches.keys()) await (await caches.open(name)).delete(address);
    return {};
  }
}
