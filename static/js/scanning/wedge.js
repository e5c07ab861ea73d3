// A USB scanner types like a very fast keyboard and ends with Enter.
//
// Keys are read by where they are (event.code), not by what an input method makes of them: a Chinese
// one would turn the letters of an address into words.

const FASTEST_TYPIST_MS = 60;
const SHORTEST = 6;
const SIGNS = {
  Slash: ["/", "?"], Period: [".", ">"], Comma: [",", "<"], Minus: ["-", "_"], Equal: ["=", "+"],
  Semicolon: [";", ":"], Quote: ["'", '"'], Space: [" ", " "], NumpadDivide: ["/", "/"],
  NumpadDecimal: [".", "."], NumpadSubtract: ["-", "-"],
};

/** Calls `onLine(text)` for a line that was typed too fast for a person. */
export function listenToWedge(onLine) {
  let line = "";
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const pause = event.timeStamp - last;
    last = event.timeStamp;
    if (pause > FASTEST_TYPIST_MS) line = "";
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      const text = line;
      line = "";
      if (text.length < SHORTEST || pause > FASTEST_TYPIST_MS) return;
      event.preventDefault(); // or the field's form would be sent with what the input method made
      event.stopPropagation();
      onLine(text);
      return;
    }
    line += signOf(event);
  }, true);
}

/** What a US keyboard's key says; "" for keys that say nothing. */
export function signOf(event) {
  const code = event.code ?? "";
  if (code.startsWith("Key")) {
    const upper = event.shiftKey !== event.getModifierState("CapsLock");
    return upper ? code.slice(3) : code.slice(3).toLowerCase();
  }
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code);
  if (digit) return event.shiftKey ? "" : digit[1];
  return SIGNS[code]?.[event.shiftKey ? 1 : 0] ?? "";
}
