// Judging a claim on its own page, and copying a citation.
import { failed, say } from "./bench.js";
import { send } from "./saying.js";

const form = document.querySelector(".judging");
const { claim } = document.getElementById("review").dataset;
const LATER = "acousma.say";
if (sessionStorage.getItem(LATER)) {
  say(sessionStorage.getItem(LATER));
  sessionStorage.removeItem(LATER);
}

let busy = false;
async function tell(kind, fields, words) {
  if (busy) return;
  busy = true;
  try {
    if (await send(form.dataset.drafts, kind, fields, form.dataset.name)) {
      sessionStorage.setItem(LATER, words);
      location.reload();
    }
  } catch (error) { failed(error); } finally { busy = false; }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const verdict = event.submitter?.value || "comment";
  const reason = form.elements.reason.value.trim();
  if (verdict === "comment") {
    if (reason) tell("comment", { claim, text: reason }, form.dataset.kept); else form.elements.reason.focus();
  } else tell("verdict", { claim, verdict, reason }, form.dataset.kept);
});

document.addEventListener("click", async (event) => {
  const back = event.target.closest?.("[data-withdraw]");
  if (back) { tell("withdrawal", { annotation: back.dataset.withdraw }, form.dataset.undone); return; }
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    say(button.dataset.done);
  } catch (error) { failed(error); }
});
