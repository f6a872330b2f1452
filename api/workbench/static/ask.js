// The page Ask: finding a question as one types, choosing concepts, and hearing what a picture shows.
import { player } from "./bench.js";
import { pickers } from "./picker.js";

const folded = (text) => text.toLowerCase().replaceAll("ß", "ss").normalize("NFD").replace(/\p{M}/gu, "");

const narrow = document.getElementById("narrow");
if (narrow) {
  narrow.closest("[data-scripted]").hidden = false;
  const entries = [...document.querySelectorAll(".questions li")].map((element) => ({ element, words: folded(element.dataset.words) }));
  narrow.addEventListener("input", () => {
    const wanted = folded(narrow.value).split(/\s+/).filter(Boolean);
    let hits = 0;
    for (const { element, words } of entries) {
      element.hidden = !wanted.every((word) => words.includes(word));
      if (!element.hidden) hits += 1;
    }
    for (const section of document.querySelectorAll(".questions section")) section.hidden = !section.querySelector("li:not([hidden])");
    document.getElementById("none").hidden = hits > 0;
  });
}

const form = document.querySelector("form.asking");
if (form) {
  pickers(form);
  // a shorter address: what is empty is not sent
  form.addEventListener("submit", () => {
    for (const field of form.querySelectorAll("input, select")) if (!field.value && field.name) field.disabled = true;
    setTimeout(() => { for (const field of form.querySelectorAll(":disabled")) field.disabled = false; });
  });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".plot a[data-sound]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const { sound, start, end } = link.dataset;
  player.play({ sound, start: Number(start), end: Number(end), title: link.getAttribute("aria-label"), page: link.getAttribute("href") });
});
