// Saying something of a claim or of a stretch: the server writes the draft, so that times, concepts and what is replaced are
// right; it is kept through the Web Annotation Protocol.
import { annotate, ask, say, session, signIn } from "./bench.js";

const reviewer = document.getElementById("reviewer");
if (reviewer) {
  reviewer.value = localStorage.getItem("acousma.reviewer") || "";
  reviewer.addEventListener("change", () => localStorage.setItem("acousma.reviewer", reviewer.value.trim()));
}

/** Send a draft of a kind; resolves to what was kept, or null if nobody signed in or said a name. */
export async function send(drafts, kind, fields, nameFirst) {
  if (reviewer && !reviewer.value.trim()) { reviewer.focus(); say(nameFirst); return null; }
  if (!session.canWrite && document.body.dataset.writes === "token" && !(await signIn())) return null;
  const address = new URL(`${drafts}${kind}`, location.href);
  address.search = new URLSearchParams({ ...fields, ...(reviewer ? { name: reviewer.value.trim() } : {}) });
  const { documents } = await (await ask(address)).json();
  const kept = [];
  for (const one of documents) {
    const answer = await annotate(one);
    if (!answer) return kept.length ? kept : null;
    kept.push(answer);
  }
  return kept;
}
