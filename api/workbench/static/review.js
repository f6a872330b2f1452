// The page Review: one claim after the other, by mouse or by keys. Everything said goes to /annotations/ as a Web
// Annotation; the server writes the drafts, so that times, concepts and what is replaced are right.
import { annotate, ask, failed, player, say, session, signIn } from "./bench.js";
import { pickers } from "./picker.js";

const place = document.querySelector(".reviewing");
const card = document.getElementById("card");
const DONE = "acousma.said";
const texts = place?.dataset ?? {};
const links = [...document.querySelectorAll(".waiting [data-claim]")];
let current = -1;
let busy = false;

const name = document.getElementById("reviewer");
if (name) {
  name.value = localStorage.getItem("acousma.reviewer") || "";
  name.addEventListener("change", () => localStorage.setItem("acousma.reviewer", name.value.trim()));
}
const keys = document.getElementById("use-keys");
if (keys) {
  keys.checked = localStorage.getItem("acousma.keys") !== "no";
  keys.addEventListener("change", () => localStorage.setItem("acousma.keys", keys.checked ? "yes" : "no"));
}

const said = () => JSON.parse(sessionStorage.getItem(DONE) || "[]");
const remember = (list) => sessionStorage.setItem(DONE, JSON.stringify(list.slice(-50)));
const article = () => card?.querySelector("article");
const seconds = (field) => Number(field.value);

async function show(claim, focus = true) {
  const address = new URL(texts.card, location.href);
  address.searchParams.set("claim", claim);
  if (name?.value.trim()) address.searchParams.set("name", name.value.trim());
  const html = await (await ask(address)).text();
  const parsed = new DOMParser().parseFromString(html, "text/html");
  card.replaceChildren(...parsed.body.children);
  pickers(card.querySelector("[data-form=claim]"));
  marking(card.querySelector(".around svg"));
  if (focus) card.querySelector("h2").focus({ preventScroll: matchMedia("(min-width: 62rem)").matches });
}

async function choose(number, focus = true) {
  if (number < 0 || number >= links.length) {
    const further = document.getElementById("further");
    if (number >= links.length && further) { location.href = further.href; return; }
    say(texts.end);
    return;
  }
  current = number;
  links.forEach((link, at) => { if (at === number) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current"); });
  links[number].scrollIntoView({ block: "nearest" });
  try { await show(links[number].dataset.claim, focus); } catch (error) { failed(error); }
}

function badge(claim, verdict) {
  const link = links.find((one) => one.dataset.claim === claim);
  const mark = link?.querySelector(".verdict");
  if (!mark) return;
  mark.className = `verdict ${verdict}`;
  mark.hidden = !verdict;
  mark.textContent = verdict ? texts[verdict].replace(/\.$/, "").toLowerCase() : "";
}

/** Send what the server drafts; returns the annotations as they were kept, or null if nobody signed in. */
async function send(kind, fields) {
  if (name && !name.value.trim()) { name.focus(); say(texts.name); return null; }
  const address = new URL(`${texts.draft}${kind}`, location.href);
  for (const [key, value] of Object.entries({ ...fields, ...(name ? { name: name.value.trim() } : {}) })) address.searchParams.set(key, value);
  if (!session.canWrite) {  // who is not known has no verdicts that could be replaced
    if (document.body.dataset.writes === "token" && !(await signIn())) return null;
  }
  const { documents } = await (await ask(address)).json();
  const kept = [];
  for (const one of documents) {
    const answer = await annotate(one);
    if (!answer) return kept.length ? kept : null;
    kept.push(answer);
  }
  return kept;
}

async function once(action) {
  if (busy) return;
  busy = true;
  try { await action(); } catch (error) { failed(error); } finally { busy = false; }
}

const isClaim = (one) => [].concat(one.type).includes("Claim");
const noted = (claim, kept, verdict) => remember([...said(), { claim, verdict, parts: kept.map((one) => ({ id: one.id, claim: isClaim(one) })) }]);

const judge = (verdict) => once(async () => {
  const claim = article()?.dataset.claim;
  if (!claim) return;
  const kept = await send("verdict", { claim, verdict, reason: card.querySelector("#reason").value });
  if (!kept) return;
  noted(claim, kept, verdict);
  badge(claim, verdict);
  say(texts[verdict]);
  await choose(current + 1);
});

const undo = () => once(async () => {
  const list = said();
  const last = list.pop();
  if (!last) { say(texts.nothing); return; }
  for (const part of last.parts.reverse()) {
    const kept = part.claim ? await send("verdict", { claim: part.id, verdict: "rejected" }) : await send("withdrawal", { annotation: part.id });
    if (!kept) return;
  }
  remember(list);
  badge(last.claim, "");
  say(texts.undone);
  const at = links.findIndex((link) => link.dataset.claim === last.claim);
  if (at >= 0) await choose(at); else await show(last.claim);
});

const actions = {
  undo,
  next: () => choose(current + 1),
  previous: () => choose(Math.max(current - 1, 0)),
  hear: () => {
    const button = card.querySelector("button.play");
    player.play({ ...button.dataset, start: seconds(card.querySelector("#ear-start")), end: seconds(card.querySelector("#ear-end")) });
  },
  "mark-start": () => { card.querySelector("#ear-start").value = player.audio.currentTime.toFixed(3); },
  "mark-end": () => { card.querySelector("#ear-end").value = player.audio.currentTime.toFixed(3); },
};

card?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const claim = article().dataset.claim;
  if (form.dataset.form === "verdict") judge(event.submitter?.value || "accepted");
  else if (form.dataset.form === "comment") once(async () => {
    const kept = await send("comment", { claim, text: form.elements.text.value });
    if (!kept) return;
    noted(claim, kept, "");
    await show(claim, false);
    say(texts.commented);
  });
  else once(async () => {
    const kind = event.submitter?.value || "claim";
    const fields = Object.fromEntries(new FormData(form));
    const kept = await send(kind, { ...fields, claim, recording: article().dataset.recording });
    if (!kept) return;
    noted(claim, kept, kind === "correction" ? "rejected" : "");
    if (kind === "correction") badge(claim, "rejected");
    await show(claim);
    say(kind === "correction" ? texts.corrected : texts.claimed);
  });
});

card?.addEventListener("click", (event) => {
  const back = event.target.closest("[data-withdraw]");
  if (back) {
    once(async () => {
      const claim = article().dataset.claim;
      if (!(await send("withdrawal", { annotation: back.dataset.withdraw }))) return;
      remember(said().filter((one) => !one.parts.some((part) => part.id === back.dataset.withdraw)));
      badge(claim, "");
      await show(claim, false);
      say(texts.undone);
    });
    return;
  }
  actions[event.target.closest("[data-do]")?.dataset.do]?.();
});

links.forEach((link, number) => link.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(number);
}));

document.addEventListener("keydown", (event) => {
  if (!keys?.checked || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]") || !article()) return;
  const own = {
    a: () => judge("accepted"), r: () => judge("rejected"), u: undo, j: actions.next, k: actions.previous,
    m: () => card.querySelector("#comment").focus(),
    c: () => { card.querySelector("#by-ear").open = true; card.querySelector("#ear-concept").focus(); },
    p: () => card.querySelector("button.play")?.click(),
  }[event.key];
  if (own) { event.preventDefault(); own(); }
});

// A stretch that is dragged across the picture goes into the form.
function marking(svg) {
  if (!svg) return;
  const { since, until } = article().dataset;
  const [left, right] = [2, svg.viewBox.baseVal.width - 6];
  const time = (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    return Number(since) + Math.min(1, Math.max(0, (x - left) / (right - left))) * (until - since);
  };
  const at = (value) => left + (value - since) / (until - since) * (right - left);
  let from = null;
  let rect = null;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch") return;
    from = time(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const [start, end] = [from, time(event)].sort((one, other) => one - other);
    if (!rect && end - start < (until - since) / 100) return;
    if (!rect) {
      svg.setPointerCapture(event.pointerId);
      rect = svg.querySelector(".marking") || svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "rect"));
      rect.setAttribute("class", "marking");
      rect.setAttribute("y", "0");
      rect.setAttribute("height", String(svg.viewBox.baseVal.height - 18));
    }
    rect.setAttribute("x", String(at(start)));
    rect.setAttribute("width", String(at(end) - at(start)));
    card.querySelector("#ear-start").value = start.toFixed(3);
    card.querySelector("#ear-end").value = end.toFixed(3);
  });
  const ended = () => {
    if (rect) {
      card.querySelector("#by-ear").open = true;
      card.querySelector("#ear-concept").focus();
      svg.addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
    }
    from = null;
    rect = null;
  };
  svg.addEventListener("pointerup", ended);
  svg.addEventListener("dragstart", (event) => event.preventDefault());
}

if (links.length) choose(0, false);
