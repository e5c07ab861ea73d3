// Whether this page opens without network, and the service worker that lets it.

/** Resolves to "ready", or to "insecure" where a browser has no workers: on plain http. */
export async function openOffline(address, scope) {
  if (!("serviceWorker" in navigator)) return "insecure";
  try {
    await navigator.serviceWorker.register(address, { scope, updateViaCache: "none" });
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage("refresh"); // the event's name or hours may have changed since
    return "ready";
  } catch {
    return "failed"; // no network at this moment: the next visit tries again
  }
}

/** Whether a page was asked for and the sign-in, or the right to see it, is gone. */
export function isSignedOut(response) {
  return new URL(response.url).pathname === "/sign-in" || [401, 403, 404].includes(response.status);
}

/** Throws away all that was kept to open pages without network. What waits to be sent stays. */
export async function forgetPages() {
  for (const name of (await globalThis.caches?.keys()) ?? []) {
    if (name.startsWith("scanner ")) await caches.delete(name);
  }
  for (const registration of (await navigator.serviceWorker?.getRegistrations()) ?? []) {
    if (new URL(registration.scope).pathname.endsWith("/scan")) await registration.unregister();
  }
}
