"use strict";
const main = document.querySelector("main");
const name = "ncvc-judge-" + main.querySelector("[data-page]").dataset.page;
const choice = JSON.parse(main.querySelector("[data-choice]").dataset.choice);
const pairs = [...main.querySelectorAll("section[data-pair]")];
const shown = document.getElementById("shown");
const state = document.getElementById("state");
const answers = {};
let at = 0;

try {
  const kept = JSON.parse(localStorage.getItem(name)) ?? {};
  for (const { dataset: { pair } } of pairs) {
    if (["left", "tie", "right"].includes(kept[pair])) answers[pair] = kept[pair];
  }
} catch { /* nothing is kept, or nothing that can be read */ }

function save() {
  try { localStorage.setItem(name, JSON.stringify(answers)); state.hidden = true; }
  catch { state.hidden = false; }
}

function show(number) {
  at = Math.max(0, Math.min(number, pairs.length - 1));
  pairs.forEach((pair, i) => { pair.hidden = i !== at; });
  shown.textContent = `${at + 1} / ${pairs.length} · ✓ ${Object.keys(answers).length}`;
  scrollTo(0, 0);
}

function answer(pair, value) {
  answers[pair.dataset.pair] = value;
  save();
  show(at);
}

function download() {
  const value = { format: "ncvc-judgements/1", page: name.slice("ncvc-judge-".length), choice, answers };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2) + "\n"], { type: "application/json" }));
  link.download = "judgements.json";
  link.click();
  URL.revokeObjectURL(link.href);
}

for (const pair of pairs) {
  for (const input of pair.querySelectorAll("input")) {
    input.checked = answers[pair.dataset.pair] === input.value;
    input.addEventListener("change", () => answer(pair, input.value));
  }
}
document.getElementById("back").addEventListener("click", () => show(at - 1));
document.getElementById("next").addEventListener("click", () => show(at + 1));
document.getElementById("save").addEventListener("click", download);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return; // the browser's own
  const keys = { 1: "left", 2: "tie", 3: "right" };
  if (event.key in keys) pairs[at].querySelector(`input[value=${keys[event.key]}]`).click();
  else if (event.key === "ArrowRight" && event.target.type !== "radio") show(at + 1);
  else if (event.key === "ArrowLeft" && event.target.type !== "radio") show(at - 1);
});
show(pairs.findIndex((pair) => !(pair.dataset.pair in answers)));
