// The dates of recurring events, worked out by the server while one types. The calendar is there and
// only there; without this file the button "Work the dates out" does the same.

const form = document.querySelector("#series-form");
const box = document.querySelector("#dates");
const shown = document.querySelector("#series-dates");
const names = [
  "rhythm", "weekdays", "first_on", "last_on", "starts", "ends", "skips_holidays", "skips_workdays",
  "site",
];
let timer = 0;
let asked = 0;

function address() {
  const url = new URL(box.dataset.url, location.href);
  for (const [name, value] of new FormData(form)) {
    if (names.includes(name)) url.searchParams.append(name, value);
  }
  // Only what is taken out: all the dates would make the address too long.
  for (const tick of shown.querySelectorAll('[name="takes"]:not(:checked)')) {
    url.searchParams.append("left_out", tick.value);
  }
  return url;
}

async function work() {
  const number = ++asked;
  try {
    const answer = await fetch(address(), { credentials: "same-origin" });
    // An older answer that comes later, or the sign-in page, is not the preview.
    if (!answer.ok || answer.redirected || number !== asked) return;
    const words = await answer.text();
    if (number !== asked) return;
    const ticked = document.activeElement?.name === "takes" ? document.activeElement.value : null;
    shown.innerHTML = words;
    if (ticked) shown.querySelector(`[name="takes"][value="${ticked}"]`)?.focus();
  } catch {
    // No network: the last dates stay; saving will say what is wrong.
  }
}

if (form && box && shown) {
  form.addEventListener("input", (event) => {
    if (event.target.name !== "takes" && !names.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(work, 250);
  });
  document.querySelector("#series-dates-button").hidden = true;
}
