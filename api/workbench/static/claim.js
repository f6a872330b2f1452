// Judging a claim on its own page, and copying a citation. What is said goes to /annotations/ as a Web Annotation; the server
// writes the drafts, so that times and what is replaced are right.
import { annotate, ask, failed, say, session, signIn } from "./bench.js";

const form = document.querySelector(".judging");
const { claim } = document.getElementById("review").dataset;
const reviewer = document.getElementById("reviewer");
const LATER = "acousma.say";
if (reviewer) {
  reviewer.value = localStorage.getItem("acousma.reviewer") || "";
  reviewer.addEventListener("change", () => localStorage.setItem("acousma.reviewer", reviewer.value.trim()));
}
if (sessionStorage.getItem(LATER)) {
  say(sessionStorage.getItem(LATER));
  sessionStorage.removeItem(LATER);
}

let busy = false;
async function send(kind, fields, words) {
  if (busy) return;
  if (reviewer && !reviewer.value.trim()) { reviewer.focus(); say(form.dataset.name); return; }
  if (!session.canWrite && document.body.dataset.writes === "token" && !(await signIn())) return;
  busy = true;
  try {
    const address = new URL(`${form.dataset.drafts}${kind}`, location.href);
    address.search = new URLSearchParams({ ...fields, ...(reviewer ? { name: reviewer.value.trim() } : {}) });
    const { documents } = await (await ask(address)).json();
    for (const one of documents) if (!(await annotate(one))) return;
    sessionStorage.setItem(LATER, words);
    location.reload();
  } catch (error) { failed(error); } finally { busy = false; }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const verdict = event.submitter?.value || "comment";
  const reason = form.elements.reason.value.trim();
  if (verdict === "comment") {
    if (reason) send("comment", { claim, text: reason }, form.dataset.kept); else form.elements.reason.focus();
  } else send("verdict", { claim, verdict, reason }, form.dataset.kept);
});

document.addEventListener("click", async (event) => {
  const back = event.target.closest?.("[data-withdraw]");
  if (back) { send("withdrawal", { annotation: back.dataset.withdraw }, form.dataset.undone); return; }
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    say(button.dataset.done);
  } catch (error) { failed(error); }
});
