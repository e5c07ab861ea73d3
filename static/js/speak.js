// Words aloud, as a shop's payment box does. Silent where there is no voice or the browser forbids it.

/** Says `text` in `language` ('zh-Hans' or 'en'). Returns whether a voice for it exists. */
export function speak(text, language) {
  const voices = window.speechSynthesis;
  if (!voices || !text) return false;
  const wanted = language.startsWith("zh") ? "zh-CN" : "en";
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = wanted;
  const voice = voices.getVoices().find((v) => v.lang.replace("_", "-").startsWith(wanted));
  if (voice) utterance.voice = voice;
  voices.cancel(); // the newest result is the one that matters
  voices.speak(utterance);
  return Boolean(voice);
}
