// The metronome for chest compressions: sound and sight beat together, and the
// sight goes on when the sound can't or must not.

const metro = { box: null, ctx: null, timer: 0, beat: 0, next: 0, began: 0, sound: true };

function metroOpened(dialog) {
  const box = $("[data-metro]", dialog);
  if (!box) return;
  metroStart(box);
  dialog.addEventListener("close", metroStop, { once: true });
}

function metroStart(box) {
  metroStop();
  metro.box = box;
  metro.beat = 0;
  metro.began = performance.now();
  metro.next = performance.now() + 100;
  if (!metro.ctx && window.AudioContext) { try { metro.ctx = new AudioContext(); } catch { metro.ctx = null; } }
  metro.ctx?.resume?.().catch(() => {});
  if (!metro.ctx) { const off = $(".on-words", box); if (off) off.textContent = words.soundOff; }
  metroRun();
}

function metroStop() {
  clearTimeout(metro.timer);
  metro.box?.classList.remove("down");
  metro.box = null;
}

// Each beat is set against the one clock, so that late timers do not add up.
function metroRun() {
  const box = metro.box;
  if (!box) return;
  const every = 60000 / Number(box.dataset.metro);
  metroBeat(box);
  metro.next += every;
  if (metro.next < performance.now()) metro.next = performance.now() + every;
  metro.timer = setTimeout(metroRun, metro.next - performance.now());
}

function metroBeat(box) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  $$(".count b", box).forEach((b, i) => b.classList.toggle("on", i === metro.beat % 4));
  if (!still) { box.classList.add("down"); setTimeout(() => box.classList.remove("down"), 150); }
  setText($("[data-metro-clock]", box.closest("dialog") || document), callClock(0, performance.now() - metro.began));
  metro.beat++;
  box.dataset.beats = String(metro.beat);
  if (metro.sound && metro.ctx && metro.ctx.state === "running") metroClick(metro.ctx);
}

function metroClick(ctx) {
  const o = ctx.createOscillator(), g = ctx.createGain(), t = ctx.currentTime;
  o.frequency.value = 880;
  g.gain.setValueAtTime(0.5, t);
  g.gain.exponentialRampToValueAtTime(0.001, t + 0.06);
  o.connect(g).connect(ctx.destination);
  o.start(t);
  o.stop(t + 0.07);
}

function metroClickOn(e) {
  const sound = e.target.closest("[data-metro-sound]"), again = e.target.closest("[data-metro-again]");
  if (sound) {
    metro.sound = !metro.sound;
    sound.setAttribute("aria-pressed", String(metro.sound));
    sound.closest(".metro").dataset.sound = metro.sound ? "on" : "off";
  }
  if (again) metroStart(again.closest("[data-metro]"));
}
