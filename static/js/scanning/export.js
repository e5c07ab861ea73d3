// What waits, as a file: for a phone whose network, or whose sign-in, does not come back.

import { asRow } from "./queue.js";
import { measuredSkew } from "./skew.js";

/** Saves `rows` of one person as a file that the page "Upload kept scans" reads. */
export function saveAsFile(rows) {
  const said = {
    format: "love-passbook-scans",
    version: 1,
    sent_at: new Date().toISOString(),
    skew_ms: measuredSkew(),
    saved_by: [...new Set(rows.map((row) => row.ownerName))].join(" "),
    scans: rows.map(asRow),
  };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(said)], { type: "application/json" }));
  link.download = `scans-${said.sent_at.slice(0, 16).replace(/[^0-9]/g, "")}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
