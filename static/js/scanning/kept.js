// Where scans wait: on the phone's disk, so that a closed tab, a reload or a dead battery loses none.
// A row is a scan as it will be sent, with whose it is: { id, owner, ownerName, event, eventName, at, … }.

import { openDB } from "../../vendor/idb-8.0.4/index.js";

const NAME = "love-passbook-scans";
const OPENS_WITHIN_MS = 3000;

/** The disk where it can be had; else memory (a private window), which says so with `lasts` false. */
export async function openKept() {
  try {
    return new OnDisk(await inTime(openDB(NAME, 1, { upgrade, blocking })));
  } catch {
    return new InMemory();
  }
}

class OnDisk {
  lasts = true;

  constructor(database) {
    this.database = database;
  }

  async all() {
    const rows = await this.database.getAll("scans");
    return rows.sort((one, other) => one.at - other.at);
  }

  /** Resolves when the row is on the disk itself: a battery may die a second later. */
  async put(row) {
    const change = this.database.transaction("scans", "readwrite", { durability: "strict" });
    await Promise.all([change.store.put(row), change.done]);
  }

  async remove(ids) {
    const change = this.database.transaction("scans", "readwrite");
    await Promise.all([...ids.map((id) => change.store.delete(id)), change.done]);
  }
}

class InMemory {
  lasts = false;

  async all() {
    return [];
  }

  async put() {}

  async remove() {}
}

function upgrade(database) {
  database.createObjectStore("scans", { keyPath: "id" });
}

/** Another tab with a newer page wants to change the tables: it may. */
function blocking(_current, _wanted, event) {
  event.target.close();
}

/** Some browsers never answer instead of refusing; the scanner must not wait for them. */
function inTime(opening) {
  return Promise.race([
    opening,
    new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), OPENS_WITHIN_MS)),
  ]);
}
