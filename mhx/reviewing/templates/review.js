
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const CODE = /\{\{\s*service:[^}]*\}\}|\[[a-z_]+\]/g;
const place = `mhx-review:${data.run}`;
let answers = {}, at = 0, unsaved = 0, kept = true;

// ---------------------------------------------------------------- what was given
const key = one => `${one.id}\n${one.text}`; // an answer belongs to one text of a dialogue
const mine = one => answers[key(one)] ??= { verdict: null, comment: "", targets: {} };
const decided = one => answers[key(one)]?.verdict != null;
const textOf = (one, line) => mine(one).targets[line.at] ?? line.text;
const sorted = codes => [...codes].sort().join(" ");

function fault(one, line) { // why a text cannot be accepted
  const text = textOf(one, line);
  if (!text.trim()) return "There is no text: write it, or do not accept the dialogue.";
  const found = text.match(CODE) ?? [], before = line.text.match(CODE) ?? [];
  if (line.at in mine(one).targets && sorted(found) !== sorted(line.codes) && sorted(found) !== sorted(before))
    return `Keep ${line.codes.join(", ") || "no mark in brackets"} as in the source.`;
  return "";
}

function keep() {
  unsaved += 1;
  try { localStorage.setItem(place, JSON.stringify({ unsaved, answers })); kept = true; }
  catch { kept = false; }
  tell();
}

function tell(text = "") {
  const left = data.dialogues.filter(one => !decided(one)).length;
  const state = kept ? "Kept on this computer" : "This browser keeps nothing: save to a file before you close the page";
  $("status").textContent = `${text ? `${text} ` : ""}${left} of ${data.dialogues.length} open. ${state}${unsaved ? ", not all of it saved to a file" : ""}.`;
  $("status").className = kept ? "" : "wrong";
  $("done").max = data.dialogues.length;
  $("done").value = data.dialogues.length - left;
}

// ---------------------------------------------------------------- one dialogue
function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  Object.assign(made, attributes);
  if (content) made.textContent = content;
  return made;
}

function row(one, line, number) {
  const box = element("div", "", { className: `line ${line.role}` });
  const before = one.lines[number - 1];
  if (!before || before.at.split(".")[0] !== line.at.split(".")[0]) {
    box.classList.add("first");
    box.append(element("p", line.role, { className: "role" }));
  }
  box.append(element("p", line.source, { className: "source", lang: data.source, dir: "auto" }));
  const area = element("textarea", "", { value: textOf(one, line), lang: data.lang, dir: data.dir, rows: 2, spellcheck: true });
  area.setAttribute("aria-label", `Translation of: ${line.source}`);
  const wrong = element("p", "", { className: "fault" });
  wrong.setAttribute("role", "alert");
  const mark = () => {
    box.classList.toggle("changed", line.at in mine(one).targets);
    wrong.textContent = line.at in mine(one).targets || mine(one).verdict === "accept" ? fault(one, line) : "";
    wrong.hidden = !wrong.textContent;
  };
  area.addEventListener("input", () => {
    if (area.value === line.text) delete mine(one).targets[line.at];
    else mine(one).targets[line.at] = area.value;
    if (mine(one).verdict === "accept" && fault(one, line)) choose(one, null);
    mark(); count(one); keep();
  });
  box.append(area);
  for (const reason of one.reasons.filter(reason => reason.segment === number))
    box.append(element("p", reason.message ? `${reason.code}: ${reason.message}` : reason.code, { className: "why" }));
  box.append(wrong);
  mark();
  return box;
}

function count(one) {
  const changes = Object.keys(mine(one).targets).length;
  $("edited").textContent = changes ? ` with ${changes} ${changes === 1 ? "change" : "changes"}` : "";
}

function choose(one, verdict) {
  mine(one).verdict = verdict;
  for (const input of document.getElementsByName("verdict")) input.checked = input.value === verdict;
}

function show(spot) {
  at = spot;
  const one = data.dialogues[at];
  $("place").textContent = `${at + 1} of ${data.dialogues.length}: ${one.id}`;
  $("about").textContent = `Topic: ${one.topic}. ${one.risk === "none" ? "" : `Risk: ${one.risk}. `}Why it waits:`;
  const codes = [...new Set(one.reasons.map(reason => reason.code))];
  $("reasons").replaceChildren(...(codes.length ? codes : ["for a look only"]).map(code => element("li", code)));
  $("lines").replaceChildren(...one.lines.map((line, number) => row(one, line, number)));
  choose(one, mine(one).verdict);
  $("comment").value = mine(one).comment;
  $("back").disabled = at === 0;
  $("next").disabled = at === data.dialogues.length - 1;
  count(one);
  tell();
  scrollTo(0, 0);
  $("place").focus({ preventScroll: true });
}

for (const input of document.getElementsByName("verdict")) input.addEventListener("change", () => {
  const one = data.dialogues[at];
  const bad = input.value === "accept" && one.lines.some(line => fault(one, line));
  choose(one, bad ? null : input.value);
  if (bad) {
    mine(one).verdict = "accept"; // shows what is wrong, then goes
    $("lines").replaceChildren(...one.lines.map((line, number) => row(one, line, number)));
    mine(one).verdict = null;
    document.querySelector(".fault:not([hidden])")?.closest(".line").querySelector("textarea").focus();
  }
  keep();
});
$("comment").addEventListener("input", () => { mine(data.dialogues[at]).comment = $("comment").value; keep(); });
$("back").addEventListener("click", () => show(at - 1));
$("next").addEventListener("click", () => show(at + 1));

// ---------------------------------------------------------------- files and storage
$("save").addEventListener("click", () => {
  const given = data.dialogues.filter(one => key(one) in answers)
    .map(one => ({ dialogue: one.id, text_sha256: one.text, ...mine(one) }))
    .filter(one => one.verdict || one.comment || Object.keys(one.targets).length);
  const saved = new Date().toISOString();
  const content = JSON.stringify({ run: data.run, saved, answers: given }, null, 1);
  const link = element("a", "", {
    href: URL.createObjectURL(new Blob([content], { type: "application/json" })),
    download: `review-${data.lang}-${saved.slice(0, 16).replace(/[:T]/g, "-")}.json` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  unsaved = -1; keep(); tell("Saved.");
});
$("load").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async () => {
  let found = null;
  try { found = JSON.parse(await $("file").files[0].text()); } catch { /* told below */ }
  $("file").value = "";
  if (found?.run !== data.run || !Array.isArray(found?.answers)) return tell("This file was not saved from this form.");
  let count = 0;
  for (const one of found.answers) {
    const known = data.dialogues.find(other => other.id === one.dialogue && other.text === one.text_sha256);
    if (!known) continue;
    answers[key(known)] = { verdict: one.verdict ?? null, comment: String(one.comment ?? ""), targets: { ...one.targets } };
    count += 1;
  }
  show(at); keep(); tell(`${count} answers loaded.`);
});
$("delete").addEventListener("click", () => $("sure").showModal());
$("keep").addEventListener("click", () => $("sure").close());
$("really").addEventListener("click", () => {
  $("sure").close();
  try { localStorage.removeItem(place); } catch { /* nothing is kept */ }
  answers = {}; unsaved = 0;
  show(0); tell("Deleted.");
});
addEventListener("beforeunload", event => { if (!kept && unsaved) event.preventDefault(); });

try {
  const found = JSON.parse(localStorage.getItem(place) ?? "null");
  if (found) ({ unsaved, answers } = found);
} catch { kept = false; }
$("help").open = !Object.keys(answers).length;
show(0);
})();
