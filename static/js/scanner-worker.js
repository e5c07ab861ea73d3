// The scanner's service worker: opens the page of one event without network. It keeps that page as the
// server draws it for this purpose, without a name and without a token, the files it loads, and which card
// is whose by hashes and first characters; no
// other page of the site passes through here. What it keeps is thrown away when the sign-in is gone.

const { scope, shell, roster, files, version } = self.scanner;
const OURS = `scanner ${scope} `;
const CACHE = OURS + version;
const NETWORK_MS = 4000;
const AFTER_FALLING_BACK_MS = 60_000;
const OLD_AFTER_MS = 14 * 24 * 3600_000;
let fellBackAt = 0;

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(throwOldAway().then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  if (event.data === "refresh") event.waitUntil(keepShell());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate" && address.pathname === scope) event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(file(request, address));
});

async function fill() {
  const cache = await caches.open(CACHE);
  // What carries no version in its address may be an old copy in the browser's own cache.
  await cache.addAll(files.map((one) => new Request(one, { cache: one.includes("?v=") ? "default" : "no-cache" })));
  await keepShell();
}

async function keepShell() {
  const response = await fetch(shell, { redirect: "manual", credentials: "same-origin" });
  if (isGone(response)) await forget();
  if (!response.ok) return;
  const cache = await caches.open(CACHE);
  await cache.put(shell, response);
  const cards = await fetch(roster, { credentials: "same-origin" });
  if (cards.ok) await cache.put(roster, cards);
}

async function page(request) {
  try {
    const response = await inTime(fetch(request));
    fellBackAt = 0;
    if (isGone(response)) await forget();
    return response;
  } catch {
    fellBackAt = Date.now();
    return (await kept(shell)) ?? Response.error();
  }
}

/** A file with its version in the address never changes; others come from the network where there is
 * one, or a page of tomorrow would run with scripts of today. */
async function file(request, address) {
  const isOffline = Date.now() - fellBackAt < AFTER_FALLING_BACK_MS;
  if (address.searchParams.has("v") || isOffline) {
    const found = await kept(request);
    if (found) return found;
  }
  try {
    return await inTime(fetch(request));
  } catch {
    return (await kept(request)) ?? Response.error();
  }
}

async function kept(request) {
  return caches.match(request, { cacheName: CACHE });
}

/** Signed out, or no longer allowed: a redirect to the sign-in, or a plain no. */
function isGone(response) {
  return response.type === "opaqueredirect" || [401, 403, 404].includes(response.status);
}

async function forget() {
  await caches.delete(CACHE);
  await self.registration.unregister();
}

/** Earlier versions of this page, and the pages of events of long ago. */
async function throwOldAway() {
  for (const name of await caches.keys()) {
    if (!name.startsWith("scanner ") || name === CACHE) continue;
    if (name.startsWith(OURS) || (await isOld(name))) await caches.delete(name);
  }
}

async function isOld(name) {
  const cache = await caches.open(name);
  const [first] = await cache.keys();
  const response = first && (await cache.match(first));
  return !response || Date.now() - Date.parse(response.headers.get("Date")) > OLD_AFTER_MS;
}

function inTime(asked) {
  return Promise.race([
    asked,
    new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), NETWORK_MS)),
  ]);
}
