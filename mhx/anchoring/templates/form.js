
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const GUARD = 300; // ms: the second tap of a double tap would rate a text nobody has read
const USUAL = 5; // ratings before the remaining time is guessed
let rater = null, order = [], given = {}, started = null, at = 0;
let shown = 0, since = null, unsaved = 0, kept = true;

// ---------------------------------------------------------------- what was given
const slot = code => given[code] ??= { value: null, seconds: 0, skipped: false, note: "" };
const handled = code => code in given && (given[code].value !== null || given[code].skipped);
const place = () => `mhx-ratings:${data.form}:${rater}`;
const languageOf = code => data.texts[code].language;
const levels = code => data.wording[languageOf(code)].levels;
const digit = (value, language) => new Intl.NumberFormat(language).format(value);

function spend() { // adds the time that the text was in view
  if (since !== null) slot(order[at]).seconds += (performance.now() - since) / 1000;
  since = null;
}

function keep() {
  try { localStorage.setItem(place(), JSON.stringify({ started, unsaved, given })); kept = true; }
  catch { kept = false; }
  tell();
}

function adopt(entries) { // another file's or window's entries win over those here
  let count = 0;
  for (const [code, one] of Object.entries(entries)) {
    const value = one.value ?? null;
    if (!order.includes(code) || (value !== null && !levels(code).some(level => level.value === value))) continue;
    given[code] = { value, seconds: +one.seconds || 0, skipped: value === null && !!one.skipped, note: String(one.note ?? "") };
    count += handled(code);
  }
  return count;
}

function tell(text = "") { // only what answers an action is read aloud, not every rating's state
  const state = kept ? "Kept on this computer" : "This browser keeps nothing: save to a file before you close the page";
  $("kept").textContent = rater === null ? "" : `${state}${unsaved ? `; ${unsaved} not yet saved to a file` : ""}.`;
  $("kept").className = kept ? "" : "wrong";
  $("status").textContent = text;
}

// ---------------------------------------------------------------- the three screens
function screen(name) {
  for (const id of ["start", "rating", "finished"]) $(id).hidden = id !== name;
  for (const id of ["save", "delete"]) $(id).hidden = rater === null;
  $("save").hidden ||= name === "finished";
  $("who").textContent = rater === null ? "" : `Rater ${rater}`;
  scrollTo(0, 0);
  $(name).querySelector("h1").focus({ preventScroll: true });
}

function enter(name) {
  const found = Object.keys(data.raters).find(id => id.toLowerCase() === name.trim().toLowerCase());
  $("wrong").textContent = found ? "" : "This form knows no such code. Check the spelling, or ask the person who sent it.";
  if (!found) return false;
  rater = found; order = data.raters[found].order; given = {}; started = null; unsaved = 0;
  try {
    const found = JSON.parse(localStorage.getItem(place()) ?? "null");
    if (found) { started = found.started; unsaved = found.unsaved; adopt(found.given); }
  } catch { kept = false; }
  started ??= new Date().toISOString();
  keep();
  return true;
}

function onward() { // to the next open text after this one, or from the beginning, or to the end
  const open = [...order.keys()].map(step => (at + 1 + step) % order.length).find(spot => !handled(order[spot]));
  if (open === undefined) finish(); else show(open);
}

function finish() {
  spend(); keep();
  const skipped = order.filter(code => given[code]?.skipped).length;
  const open = order.filter(code => !handled(code)).length;
  $("summary").textContent = `${order.length - skipped - open} rated, ${skipped} skipped, ${open} open.`;
  $("end").textContent = open ? "You are at the end of the list." : "That was the last text. Thank you.";
  $("review").textContent = open ? "Go on with the open texts" : "Back to the texts";
  $("skipped").hidden = !skipped;
  screen("finished");
}

function left() {
  const open = order.filter(code => !handled(code)).length;
  if (!open) return ", all done";
  const times = order.filter(handled).map(code => given[code].seconds).sort((a, b) => a - b);
  if (times.length < USUAL) return "";
  const minutes = Math.round(times[times.length >> 1] * open / 60);
  return minutes > 1 ? `, about ${minutes} minutes left` : ", about a minute left";
}

function show(spot) {
  at = spot;
  const code = order[at], text = data.texts[code], wording = data.wording[text.language], mine = slot(code);
  $("place").textContent = `${at + 1} of ${order.length}${left()}`;
  $("done-bar").max = order.length;
  $("done-bar").value = order.filter(handled).length;
  for (const id of ["text", "instructions"]) { $(id).lang = text.language; $(id).dir = wording.dir; }
  $("help").hidden = !wording.instructions;
  $("help").open = !order.some(other => handled(other) && languageOf(other) === text.language);
  $("instructions").textContent = wording.instructions;
  $("message-box").hidden = text.context === null;
  $("message-title").textContent = wording.message;
  $("message").textContent = text.context ?? "";
  $("reply-title").textContent = wording.reply;
  $("reply").textContent = text.text;
  $("question").textContent = wording.question;
  $("levels").replaceChildren(...wording.levels.map(level => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", String(mine.value === level.value));
    for (const [name, content] of [["digit", digit(level.value, text.language)], ["label", level.label], ["meaning", level.meaning]]) {
      if (!content) continue;
      const part = document.createElement("span");
      part.className = name;
      part.textContent = content;
      button.append(part, " ");
    }
    button.addEventListener("click", () => rate(level.value));
    return button;
  }));
  $("skip").textContent = mine.skipped ? "Skipped" : "Skip";
  $("skip").setAttribute("aria-pressed", String(mine.skipped));
  $("back").disabled = at === 0;
  $("note").value = mine.note;
  $("remark").open = mine.note !== "";
  screen("rating");
  shown = performance.now();
  since = document.hidden ? null : shown;
}

// ---------------------------------------------------------------- what a rater does
function give(value, skipped) {
  if (performance.now() - shown < GUARD) return;
  spend();
  Object.assign(slot(order[at]), { value, skipped });
  unsaved += 1;
  keep();
  onward();
}
const rate = value => give(value, false);
const skip = () => give(null, true);

function move(step) {
  if (at + step < 0) return;
  spend(); keep();
  if (at + step < order.length) show(at + step); else finish();
}

function save() {
  spend();
  const done = order.filter(handled).map(code => {
    const { value, seconds, skipped, note } = given[code];
    return JSON.stringify({ code, value, seconds: Math.round(seconds * 10) / 10, skipped, note });
  });
  const head = JSON.stringify({
    format: 1, form: data.form, rater, languages: data.raters[rater].languages, started, saved: new Date().toISOString(),
  }, null, 1).slice(0, -2);
  const text = `${head},\n "ratings": [\n  ${done.join(",\n  ")}\n ]\n}\n`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `ratings-${rater}-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  unsaved = 0;
  keep();
  tell(`${link.download}: ${done.length} of ${order.length} texts. It lies where your browser puts downloads.`);
  if (!$("rating").hidden) since = performance.now();
}

async function load(file) {
  let found = null;
  try { found = JSON.parse(await file.text()); } catch { /* found stays null */ }
  const entries = Array.isArray(found?.ratings) ? found.ratings.filter(one => one && typeof one.code === "string") : null;
  if (!entries || found.form !== data.form) return tell("This is not a file that was saved from this form.");
  if (rater !== null && found.rater !== rater) return tell(`This file is of rater ${found.rater}, not of ${rater}.`);
  if (rater === null && !enter(String(found.rater))) return tell("This form knows no rater of that code.");
  if (found.started < started) started = found.started;
  since = null;
  const count = adopt(Object.fromEntries(entries.map(one => [one.code, one])));
  keep();
  at = order.length - 1;
  onward();
  tell(`${count} ratings loaded from the file; where a text was rated here too, the file's rating counts.`);
}

function forget() {
  since = null;
  try { localStorage.removeItem(place()); } catch { /* nothing was kept */ }
  rater = null; given = {}; unsaved = 0;
  $("rater").value = "";
  $("sure").close();
  screen("start");
  tell("Deleted from this computer. Files that you saved are still where you put them.");
}

// ---------------------------------------------------------------- events
$("enter").addEventListener("submit", event => {
  event.preventDefault();
  if (enter($("rater").value)) { at = order.length - 1; onward(); }
});
$("back").addEventListener("click", () => move(-1));
$("next").addEventListener("click", () => move(1));
$("skip").addEventListener("click", skip);
$("save").addEventListener("click", save);
$("save-end").addEventListener("click", save);
$("review").addEventListener("click", () => show(Math.max(0, order.findIndex(code => !handled(code)))));
$("skipped").addEventListener("click", () => show(order.findIndex(code => given[code]?.skipped)));
$("load").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  if ($("file").files.length) load($("file").files[0]);
  $("file").value = "";
});
$("delete").addEventListener("click", () => {
  $("sure-text").textContent = unsaved
    ? `${unsaved} ratings are in no file yet and will be lost.` : "Files that you saved stay where you put them.";
  $("sure").showModal();
});
$("keep").addEventListener("click", () => $("sure").close());
$("really").addEventListener("click", forget);
$("note").addEventListener("input", () => { slot(order[at]).note = $("note").value; keep(); });

document.addEventListener("keydown", event => {
  if ($("rating").hidden || $("sure").open || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, textarea")) return;
  const language = languageOf(order[at]);
  // the digit as typed in either script, else the key's place: a Persian or French layout types other signs
  const level = levels(order[at]).find(({ value }) => [String(value), digit(value, language)].includes(event.key))
    ?? levels(order[at]).find(({ value }) => [`Digit${value}`, `Numpad${value}`].includes(event.code));
  if (level) rate(level.value);
  else if (event.code === "KeyS" || event.key === "s") skip();
  else if (event.key === "ArrowLeft") move(-1);
  else if (event.key === "ArrowRight") move(1);
  else return;
  event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if ($("rating").hidden) return;
  if (document.hidden) { spend(); keep(); } else since = performance.now();
});
addEventListener("storage", event => { // the same rater in another window
  if (rater === null || event.key !== place() || event.newValue === null) return;
  adopt(JSON.parse(event.newValue).given);
});
addEventListener("beforeunload", event => { if (!kept && unsaved) event.preventDefault(); });
$("rater").value = decodeURIComponent(location.hash.slice(1));
})();
