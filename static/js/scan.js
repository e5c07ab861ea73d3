// /scan: reads an event's code with the camera and goes to its page here; where the page names a
// place for cards, a card's. It never opens another address: a sticker over a poster leads nowhere.

import { Camera, cameraIsPossible } from "./scanning/camera.js";
import { OnceInAWhile, cardPathOf, pathOf } from "./scanning/codes.js";
import { shrink } from "./scanning/photo.js";
import { chime, shake, wakeSound } from "./scanning/sounds.js";

const settings = JSON.parse(document.getElementById("scan-settings").textContent);
const find = (id) => document.getElementById(id);
const once = new OnceInAWhile(3000);

if (cameraIsPossible()) {
  find("camera").hidden = false;
  find("camera-start").addEventListener("click", start);
}

function start() {
  wakeSound();
  const camera = new Camera(find("video"), {
    code: (text) => found(text, camera),
    open(isOpen) {
      find("camera-view").hidden = !isOpen;
      find("camera-start").hidden = isOpen;
      tell(isOpen ? "" : settings.noCamera);
      if (!isOpen) camera.stop(); // the button starts another
    },
    reader: (isThere) => tell(isThere ? "" : settings.noReader),
  });
  find("camera-view").hidden = false;
  find("camera-start").hidden = true;
  tell("");
  camera.start();
}

/** Camera trouble, or none. */
function tell(words) {
  const line = find("camera-trouble");
  line.hidden = !words;
  if (line.textContent !== words) line.textContent = words;
}

function found(text, camera) {
  const hosts = [location.host, ...settings.hosts];
  const path = settings.cards ? cardPathOf(text, hosts, settings.cards) : pathOf(text, hosts);
  if (path) {
    camera.stop();
    chime("accepted");
    shake("accepted");
    find("camera-hint").textContent = settings.found;
    location.assign(path);
  } else if (once.isNew(text)) {
    chime("refused");
    shake("refused");
    find("camera-hint").textContent = settings.notOurs;
  }
}

// One button instead of the browser's own field and a second button. The photo is made smaller first;
// if that fails the form sends it as it is.
find("photo").classList.add("visually-hidden");
find("photo-send").hidden = true;
find("photo-button").hidden = false;
find("photo").addEventListener("change", async () => {
  const [file] = find("photo").files;
  if (!file) return;
  find("photo-button").classList.add("btn-busy");
  if (file.size > 1_000_000) {
    const small = await shrink(file);
    const files = new DataTransfer();
    files.items.add(new File([small], "photo.jpg", { type: small.type }));
    find("photo").files = files.files;
  }
  find("photo-form").submit();
});
