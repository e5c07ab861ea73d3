// The leader's scanner page: camera, USB scanner, number and photo into one queue; each answer as a
// colour, an icon, words, a voice, a tone and a shake. Without this file the page's forms do the same,
// one card a page.

import { speak } from "./speak.js";
import { Camera, cameraIsPossible } from "./scanning/camera.js";
import { kindOf, OnceInAWhile, plainDigits } from "./scanning/codes.js";
import { element, icon as iconOf } from "./scanning/drawing.js";
import { newId } from "./scanning/ids.js";
import { forgetPages, isSignedOut, openOffline } from "./scanning/offline.js";
import { shrink } from "./scanning/photo.js";
import { ScanQueue } from "./scanning/queue.js";
import { chime, shake, wakeSound } from "./scanning/sounds.js";
import { Troubles } from "./scanning/troubles.js";
import { Waiting } from "./scanning/waiting.js";
import { listenToWedge } from "./scanning/wedge.js";

const SAME_CARD_MS = 4000;
const LAST_RESULTS = 5;
const MOST_REFUSALS_AT_ONCE = 3;

const settings = JSON.parse(document.getElementById("scanner-settings").textContent);
const csrf = document.getElementById("scanner-script").dataset.csrf;
const words = settings.words;
const find = (id) => document.getElementById(id);
const once = new OnceInAWhile(SAME_CARD_MS);
let direction = document.querySelector("[data-direction][aria-current]")?.dataset.direction ?? "in";
let sound = true;

const troubles = new Troubles(find("trouble"), drawTrouble);
const queue = new ScanQueue({
  address: settings.scans,
  csrf,
  owner: settings.owner,
  on: { answers: showAnswers, changed: () => waiting.draw(), trouble: tellUnsent, kept: tellKept },
});
const waiting = new Waiting({ queue, words, clock: clockTime, icons: settings.icons, roster: settings.roster, event: settings.event });

// ---- Ways in ------------------------------------------------------------------------------

function present(code) {
  if (kindOf(code) === "event") {
    troubles.tell("notACard", words.notACard);
    chime("refused");
    return;
  }
  keep({ code, direction });
}

function keep(scan) {
  waiting.follow(queue.add({ event: settings.event, eventName: settings.eventName, ...scan }));
}

function startCamera() {
  if (!cameraIsPossible()) return;
  const torch = find("torch");
  const camera = new Camera(find("video"), {
    code(text) {
      if (once.isNew(`${direction} ${text}`)) present(text);
    },
    open(isOpen) {
      find("camera").hidden = !isOpen;
      document.body.dataset.camera = isOpen ? "on" : "off";
      torch.hidden = !camera.hasTorch;
      torch.setAttribute("aria-pressed", "false");
      if (isOpen) troubles.over("camera");
      else troubles.tell("camera", words.noCamera);
    },
    reader(isThere) {
      if (isThere) troubles.over("reader");
      else troubles.tell("reader", words.noReader);
    },
  });
  find("camera").hidden = false;
  find("turn-camera").hidden = false;
  find("turn-camera").addEventListener("click", () => camera.turn());
  torch.addEventListener("click", () => {
    const on = torch.getAttribute("aria-pressed") !== "true";
    camera.setTorch(on).then(
      () => torch.setAttribute("aria-pressed", String(on)),
      () => (torch.hidden = true), // it said that it could, and cannot
    );
  });
  camera.start();
}

find("number-form").addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  wakeSound();
  const field = find("number");
  const text = field.value.trim();
  field.value = "";
  field.focus();
  if (text) present(/^[\d\uff10-\uff19\s\u3000-]+$/.test(text) ? plainDigits(text) : text);
});

listenToWedge((line) => {
  find("number").value = "";
  present(line);
});

// One button instead of the browser's own field and a second button.
find("photo-field").classList.add("visually-hidden");
find("photo-button").hidden = false;
find("photo-send").hidden = true;
find("photo").addEventListener("change", sendPhoto);
find("photo-form").addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopPropagation();
  sendPhoto();
});

async function sendPhoto() {
  const [file] = find("photo").files;
  if (!file) return;
  wakeSound();
  find("photo").value = "";
  const photo = await shrink(file);
  // The server would end the connection in the middle of it, which looks like a lost network.
  if (photo.size > settings.photoBytes) return showBanner("refused", words.photoTooLarge);
  const body = new FormData();
  body.set("photo", photo, "photo.jpg");
  body.set("scan_id", newId());
  body.set("direction", direction);
  for (let tries = 0; tries < 4; tries += 1) {
    try {
      const response = await fetch(settings.photo, {
        method: "POST",
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-CSRFToken": queue.csrf },
        body,
      });
      const answer = await response.json();
      troubles.over("photo");
      if (response.ok) showAnswers(answer.verdicts.map((verdict) => [{ direction: body.get("direction") }, verdict]));
      else showBanner("refused", answer.words ?? words.photoFailed);
      return;
    } catch {
      troubles.tell("photo", words.sending);
      await new Promise((done) => setTimeout(done, 1500 * (tries + 1)));
    }
  }
  troubles.tell("photo", words.photoFailed);
}

for (const link of document.querySelectorAll("[data-direction]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    direction = link.dataset.direction;
    for (const other of document.querySelectorAll("[data-direction]")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "page");
    for (const field of document.querySelectorAll("input[name=direction]")) field.value = direction;
  });
}

// ---- Answers ------------------------------------------------------------------------------

/** Answers that came together: the newest, and before it those that were refused. */
function showAnswers(pairs) {
  troubles.over("network", "signIn", "notACard");
  const refused = pairs.filter(([, verdict]) => verdict.verdict === "refused");
  const others = pairs.filter(([, verdict]) => verdict.verdict !== "refused");
  const shown = [...refused.slice(-MOST_REFUSALS_AT_ONCE), ...others.slice(-1)];
  const thanks = pairs.map(([, verdict]) => verdict.thanks).filter(Boolean).map(drawThanks);
  find("answer").replaceChildren(...shown.map(([scan, verdict]) => drawAnswer(scan, verdict)), ...thanks);
  for (const [scan, verdict] of pairs) {
    if (scan.direction === "undo") markUndone(scan, verdict);
    else addRow(scan, verdict);
    if (isOfHere(scan)) countHere(verdict);
  }
  const [, said] = refused.at(-1) ?? others.at(-1);
  say(said);
}

/** What was queued at another event goes from here too; it is told, and not counted as being here. */
function isOfHere(scan) {
  return scan.event === undefined || scan.event === settings.event;
}

function drawAnswer(scan, verdict) {
  const said = verdict.verdict === "refused" ? [] : factsInWords(verdict);
  const box = drawBanner(verdict.verdict, verdict.words, [verdict.name, ...said].filter(Boolean).join(" · "));
  if (verdict.code === "card_blank" && scan.code) offerCard(box, scan.code);
  return box;
}

function factsInWords(verdict) {
  const facts = verdict.facts ?? {};
  const found = [];
  if (facts.provisional) found.push(words.toConfirm);
  if (facts.on_duty) found.push(words.onDuty);
  if (facts.points) found.push(fill(words.points, signed(facts.points)));
  if (facts.points && facts.balance_points !== undefined) found.push(fill(words.balance, facts.balance_points));
  if (facts.override === "over_capacity") found.push(words.overCapacity);
  return found;
}

function say(verdict) {
  chime(verdict.verdict);
  shake(verdict.verdict);
  const language = document.documentElement.lang;
  const pause = language === "en" ? ", " : "，";
  const said = [verdict.thanks ? "" : verdict.name, verdict.spoken, verdict.thanks];
  if (sound) speak(said.filter(Boolean).join(pause), language);
}

function showBanner(verdict, title) {
  find("answer").replaceChildren(drawBanner(verdict, title));
}

function drawBanner(verdict, title, text = "") {
  const box = element("div", `verdict verdict-${verdict}`);
  const body = element("div", "verdict-body");
  body.append(element("span", "verdict-title", title));
  if (text) body.append(element("p", "", text));
  box.append(icon(verdict), body);
  return box;
}

/** 「今天是陈秀英第 50 次，道声谢谢」 */
function drawThanks(words) {
  const line = element("p", "scanner-thanks");
  line.append(icon("heart"), element("span", "", words));
  return line;
}

/** A blank card: the name is written down on a page of its own. */
function offerCard(box, code) {
  const link = element("a", "btn btn-primary", words.giveCard);
  link.href = `${settings.addPerson}?card=${encodeURIComponent(code)}`;
  box.querySelector(".verdict-body").append(link);
}

function addRow(scan, verdict) {
  const list = find("last");
  find("last-empty")?.remove();
  document.querySelector(`[data-scan="${verdict.id}"]`)?.remove();
  const row = element("li", `scan-row scan-${verdict.verdict}`);
  row.dataset.scan = verdict.id;
  const name = element("span", "scan-name", verdict.name ?? verdict.words);
  const where = isOfHere(scan) ? "" : scan.eventName;
  const told = verdict.name ? verdict.words : "";
  const details = [told, ...factsInWords(verdict).slice(0, 1), clockTime(), where];
  name.append(element("small", "", details.filter(Boolean).join(" · ")));
  row.append(icon(verdict.verdict), name);
  if (verdict.verdict === "accepted" || verdict.verdict === "waiting") row.append(undoButton(verdict.id));
  list.prepend(row);
  while (list.children.length > LAST_RESULTS) putAside(list.lastElementChild);
}

/** Off the last five, but not out of reach while it can be undone. */
function putAside(row) {
  if (!row.querySelector("button")) return row.remove();
  find("earlier").hidden = false;
  find("earlier-rows").prepend(row);
}

/** The ten minutes are over. */
function forget(row, way) {
  way.remove();
  if (row?.closest("#earlier")) row.remove();
  find("earlier").hidden = !find("earlier-rows").children.length;
}

function undoButton(scanId) {
  const button = element("button", "btn btn-secondary", words.undo);
  button.type = "button";
  button.prepend(icon("undo"));
  button.addEventListener("click", () => undo(scanId, button));
  setTimeout(() => forget(button.closest(".scan-row"), button), settings.undoMinutes * 60_000);
  return button;
}

function undo(scanId, button) {
  button.disabled = true;
  keep({ direction: "undo", undoes: scanId });
}

function markUndone(scan, verdict) {
  const row = document.querySelector(`[data-scan="${scan.undoes}"]`);
  const button = row?.querySelector("button");
  if (verdict.verdict === "refused") {
    if (button) button.disabled = false;
    return;
  }
  button?.closest("form")?.remove();
  button?.remove();
  if (!row) return;
  row.querySelector("svg")?.replaceWith(icon("undo"));
  row.querySelector("small").textContent = words.undone;
}

// Rows that the server drew have their undo as a form; here it goes into the queue.
for (const form of document.querySelectorAll("[data-undo]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    undo(form.elements.undoes.value, form.querySelector("button"));
  });
  setTimeout(() => forget(form.closest(".scan-row"), form), Number(form.dataset.undo) * 1000);
}

// ---- Counts and trouble -------------------------------------------------------------------

function countHere(verdict) {
  if (verdict.verdict !== "accepted") return;
  const change = { ok_in: 1, ok_out: -1 }[verdict.code] ?? 0;
  const undoneIn = verdict.code === "undone" ? -1 : 0;
  const number = find("here-count").querySelector("[data-number]");
  const before = Number(number.textContent);
  // A page that was opened without network does not know how many are here.
  if (!Number.isNaN(before)) number.textContent = String(Math.max(0, before + change + undoneIn));
}

/** Scans wait here: without network, or because somebody signed out. */
function tellUnsent(kind, told) {
  troubles.over(kind === "signIn" ? "network" : "signIn");
  if (kind === "signIn") renewToken();
  else troubles.tell(kind, words.sending, told);
}

/** Whether what waits survives a closed tab. */
function tellKept(lasts) {
  if (lasts) troubles.over("kept");
  else troubles.tell("kept", words.notKept);
}

function drawTrouble(title, more) {
  const line = element("p", "scanner-trouble");
  const said = element("span", "", title);
  if (more) said.append(" ", more);
  line.append(icon("warning"), said);
  return line;
}

/** Signing in again makes a new token: fetch it, so that what waits here can go; but only where the
 * same person signed in. What this page sends under another's token would be recorded as theirs. */
async function renewToken() {
  try {
    const response = await fetch(location.pathname);
    if (isSignedOut(response)) forgetPages();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const told = page.getElementById("scanner-settings");
    const owner = told && JSON.parse(told.textContent).owner;
    if (owner?.key === settings.owner.key) queue.csrf = page.getElementById("scanner-script").dataset.csrf;
    else if (owner) troubles.tell("signIn", words.somebodyElse.replace("%(name)s", owner.name));
    else troubles.tell("signIn", words.signIn, signInLink());
  } catch {
    // no network either; the next try asks again
  }
}

function signInLink() {
  const link = element("a", "", words.signInAgain);
  link.href = settings.signIn;
  return link;
}

window.addEventListener("beforeunload", (event) => {
  if (!queue.size || queue.kept?.lasts) return;
  event.preventDefault();
  event.returnValue = words.leaving;
});

find("sound").addEventListener("click", () => {
  sound = !sound;
  find("sound").setAttribute("aria-pressed", String(sound));
});
document.addEventListener("pointerdown", wakeSound, { once: true });

// ---- Small things -------------------------------------------------------------------------

function icon(name) {
  return iconOf(settings.icons, name);
}

function fill(text, value) {
  return text.replace("%(points)s", String(value));
}

function signed(points) {
  return points > 0 ? `+${points}` : String(points);
}

function clockTime(at = Date.now()) {
  // The community's clock, whatever the phone is set to.
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: settings.zone };
  return new Date(at).toLocaleTimeString("en-GB", form);
}

startCamera();
openOffline(settings.worker, settings.scope).then((how) => (find("offline-words").textContent = words[how] ?? ""));
if (!csrf) {
  renewToken();
  window.addEventListener("online", renewToken);
}
