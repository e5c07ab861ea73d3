// What belongs to the look and works without being missed: no page depends on this file.
//
//   <button data-print>            prints the page
//   <button data-copy="#id">       copies an element's text; data-copied holds the word to show then
//   <form data-once>               a second press of the button sends nothing
//   [data-speak="…"]               is read aloud when the page opens, where the browser allows it; a tone
//                                  where it has no voice, data-tone says which
//   <button data-speak-again>      reads it again
//   .error-summary[data-focus]     takes the focus, so a screen reader starts with what is wrong
//   <input type=file data-most-bytes data-too-large data-error="#id">   says so before a large file is sent
//   <a href="#menu">               the drawer also closes with Escape

import { chime } from "./scanning/sounds.js";
import { speak } from "./speak.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-print], [data-copy], [data-speak-again]");
  if (!button) return;
  if (button.matches("[data-print]")) window.print();
  if (button.matches("[data-copy]")) copy(button);
  if (button.matches("[data-speak-again]")) speakPage();
});

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.innerText;
  // The clipboard needs https; on a plain address the old way is the only one.
  const done = (await writeClipboard(text)) || copyBySelection(text);
  if (!done) return;
  const label = button.querySelector("[data-label]") ?? button;
  const before = label.textContent;
  label.textContent = button.dataset.copied ?? before;
  setTimeout(() => { label.textContent = before; }, 2500);
}

async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

document.addEventListener("change", (event) => {
  const input = event.target;
  if (!input.matches("[data-most-bytes]")) return;
  const tooLarge = [...input.files].some((file) => file.size > Number(input.dataset.mostBytes));
  const error = document.querySelector(input.dataset.error);
  error.hidden = !tooLarge;
  error.lastElementChild.textContent = tooLarge ? input.dataset.tooLarge : "";
  input.setAttribute("aria-invalid", String(tooLarge));
  // Sending it would end in the same words, minutes later.
  if (tooLarge) input.value = "";
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  // Not `disabled`: that would drop the button's own name and value from what is sent.
  event.submitter?.classList.add("btn-busy");
});

// Coming back with the back button shows the page as it was left: let the form be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll(".btn-busy")) button.classList.remove("btn-busy");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && location.hash === "#menu") history.back();
});

function speakPage() {
  const source = document.querySelector("[data-speak]");
  if (source && !speak(source.dataset.speak, document.documentElement.lang)) chime(source.dataset.tone ?? "accepted");
}

document.querySelector(".error-summary[data-focus]")?.focus();
speakPage();
