// The preview of a points rule, worked out by the server while one types. The arithmetic is there and
// only there; without this file the button "Work it out" does the same.

const form = document.querySelector("#activity-form");
const box = document.querySelector("#rule-try");
const shown = document.querySelector("#rule-preview");
const names = [
  "measure", "fixed_points", "points_per_hour", "leader_factor_percent", "cap_event_points",
  "cap_day_points", "try_hours", "try_leader",
];
let timer = 0;
let asked = 0;

function address() {
  const entered = new FormData(form);
  const query = new URLSearchParams();
  for (const name of names) if (entered.has(name)) query.set(name, entered.get(name));
  const url = new URL(box.dataset.url, location.href);
  for (const [name, value] of query) url.searchParams.set(name, value);
  return url;
}

async function work() {
  const number = ++asked;
  try {
    const answer = await fetch(address(), { credentials: "same-origin" });
    // An older answer that comes later, or the sign-in page, is not the preview.
    if (!answer.ok || answer.redirected || number !== asked) return;
    const words = await answer.text();
    if (number === asked) shown.innerHTML = words;
  } catch {
    // No network: the last preview stays; saving will say what is wrong.
  }
}

if (form && box && shown) {
  form.addEventListener("input", (event) => {
    if (!names.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(work, 250);
  });
  document.querySelector("#rule-preview-button").hidden = true;
}
