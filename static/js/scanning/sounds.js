// Tones and vibration for each verdict: heard and felt without looking, where there is no voice too.

const TONES = {
  accepted: [[880, 0.09], [1320, 0.14]],
  already: [[660, 0.12], [660, 0.12]],
  waiting: [[660, 0.12], [550, 0.16]],
  refused: [[220, 0.35]],
};
const SHAKES = { accepted: [60], already: [60, 60, 60], waiting: [60, 60, 60], refused: [260] };

let context = null;

/** Browsers let a page sound only after a touch: call this from one. */
export function wakeSound() {
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") context.resume();
  } catch {
    context = null; // no audio here; the words and colours are there
  }
}

/** Plays the tones of a verdict. */
export function chime(verdict) {
  wakeSound();
  if (!context) return;
  let at = context.currentTime + 0.02;
  for (const [pitch, seconds] of TONES[verdict] ?? TONES.refused) {
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.25, at);
    loudness.gain.exponentialRampToValueAtTime(0.001, at + seconds);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + seconds);
    at += seconds;
  }
}

/** Shakes the phone for a verdict, where it can. */
export function shake(verdict) {
  if (navigator.userActivation?.hasBeenActive === false) return; // not before the first touch
  navigator.vibrate?.(SHAKES[verdict] ?? SHAKES.refused);
}
