// What this phone's clock lacks, in milliseconds: the server's time minus its own, as last measured.

const KEY = "scanner-skew";

/** From an answer: when it was asked for by this clock, and when the server says that it came. */
export function measureSkew(askedAt, receivedAt) {
  const skew = Math.round(Date.parse(receivedAt) - (askedAt + Date.now()) / 2);
  try {
    if (Number.isFinite(skew)) localStorage.setItem(KEY, String(skew));
  } catch {
    // a browser that keeps nothing
  }
}

/** null where no answer ever came. */
export function measuredSkew() {
  try {
    return localStorage.getItem(KEY) === null ? null : Number(localStorage.getItem(KEY));
  } catch {
    return null;
  }
}
