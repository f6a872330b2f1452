// What all pages share: the token of the session, writing, the player, and words for screen readers.
//
// The token is kept by the browser until the tab is closed (sessionStorage) and sent in the header Authorization of what
// this script asks; a cookie that only serves for reading lets pictures and sound be fetched from a private archive.
const body = document.body;
const texts = document.getElementById("texts").dataset;
const KEY = "acousma.token";

export const root = new URL(body.dataset.root, location.href).href;
export const bench = new URL(body.dataset.bench, location.href).href;

export const session = {
  get token() { return sessionStorage.getItem(KEY) || ""; },
  get person() { return sessionStorage.getItem(`${KEY}.person`) || ""; },
  get canWrite() { return body.dataset.writes === "open" || (body.dataset.writes === "token" && this.token !== ""); },
};

/** Say something, seen and heard by screen readers; it goes after some seconds. */
export function say(text, seconds = 6) {
  const place = document.getElementById("said");
  place.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { place.textContent = ""; }, seconds * 1000);
}

/** Fetch from this server, with the token. Throws an Error with the server's words if it is refused. */
export async function ask(address, options = {}) {
  const headers = new Headers(options.headers || {});
  if (session.token) headers.set("Authorization", `Bearer ${session.token}`);
  const answer = await fetch(new URL(address, root), { ...options, headers });
  if (answer.ok) return answer;
  let reason = `${answer.status} ${answer.statusText}`;
  try { reason = (await answer.json()).detail || reason; } catch { /* no problem document */ }
  if (answer.status === 401) {
    if (session.token) { forget(); say(texts.expired, 12); }
    signIn();
  }
  const error = new Error(reason);
  error.status = answer.status;
  throw error;
}

/** Write an annotation through the Web Annotation Protocol; asks for a token first if there is none. Returns it as kept. */
export async function annotate(document_) {
  if (body.dataset.writes === "none") throw new Error(texts.closed);
  if (!session.canWrite && !(await signIn())) return null;
  const type = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"';
  const answer = await ask("annotations/", {
    method: "POST", headers: { "Content-Type": type, Accept: type }, body: JSON.stringify(document_),
  });
  return answer.json();
}

export function failed(error) { say(texts.failed.replace("{reason}", error.message), 12); }

// --- signing in ---------------------------------------------------------------------------------------------------
function forget() {
  sessionStorage.removeItem(KEY);
  sessionStorage.removeItem(`${KEY}.person`);
  shown();
}

async function begin(token) {
  const answer = await fetch(new URL("session", bench), { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) return false;
  const unescaped = new DOMParser().parseFromString(answer.headers.get("X-Acousma-Person") || "", "text/html").body.textContent;
  sessionStorage.setItem(KEY, token);
  sessionStorage.setItem(`${KEY}.person`, unescaped);
  shown();
  return true;
}

/** Ask for a token; resolves to whether there is one now. */
export function signIn() {
  const dialog = document.getElementById("signing");
  if (dialog.open) return Promise.resolve(false);
  const field = dialog.querySelector("input");
  const fault = document.getElementById("token-fault");
  fault.hidden = true;
  field.value = "";
  return new Promise((resolve) => {
    const form = dialog.querySelector("form");
    const sent = async (event) => {
      event.preventDefault();
      if (event.submitter && event.submitter.value === "cancel") { dialog.close(); return; }
      if (await begin(field.value.trim())) { dialog.close(); return; }
      fault.hidden = false;
      field.setAttribute("aria-invalid", "true");
      field.select();
    };
    form.addEventListener("submit", sent);
    dialog.addEventListener("close", () => { form.removeEventListener("submit", sent); resolve(session.token !== ""); }, { once: true });
    dialog.showModal();
    field.focus();
  });
}

function shown() {
  const button = document.getElementById("sign-in");
  if (!button) return;
  button.textContent = session.token ? texts.out : texts.in;
  button.title = session.token ? texts.signed.replace("{name}", session.person) : "";
  document.dispatchEvent(new CustomEvent("acousma:session"));
}

document.getElementById("sign-in")?.addEventListener("click", async () => {
  if (session.token) {
    await fetch(new URL("session", bench), { method: "DELETE" });
    forget();
    return;
  }
  if (await signIn() && document.querySelector("[data-private]")) location.reload();
});
shown();

// --- the player ---------------------------------------------------------------------------------------------------
const bar = document.getElementById("player");
const audio = bar.querySelector("audio");
const slider = bar.querySelector("input[type=range]");
const toggle = bar.querySelector('[data-do="toggle"]');
const loop = bar.querySelector('[data-do="loop"]');
let part = { start: 0, end: Infinity, sound: "", title: "" };

const clock = (seconds) => {
  const tenths = Math.round(seconds * 10);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
};

export const player = {
  audio,
  get part() { return part; },
  get looping() { return loop.checked; },
  set looping(value) { loop.checked = value; },
  /** Play a stretch: {sound, start, end, title, page}. */
  async play(wanted) {
    const same = wanted.sound === part.sound;
    part = { start: 0, end: Infinity, title: "", page: "", ...wanted };
    bar.hidden = false;
    body.classList.add("has-player");
    const link = bar.querySelector("[data-what]");
    link.textContent = part.title;
    if (part.page) link.href = part.page; else link.removeAttribute("href");
    if (!same || audio.error) {
      audio.src = part.sound;
      audio.load();
    }
    const begin = () => { audio.currentTime = part.start; };
    if (audio.readyState >= 1) begin(); else audio.addEventListener("loadedmetadata", begin, { once: true });
    try { await audio.play(); } catch (error) { if (error.name !== "AbortError") await this.explain(); }
  },
  pause() { audio.pause(); },
  /** Tell why there is no sound. */
  async explain() {
    let status = 0;
    try { status = (await fetch(part.sound, { headers: { Range: "bytes=0-0" } })).status; } catch { /* no connection */ }
    say(status === 401 || status === 403 ? texts.private : status === 404 || status === 410 ? texts.absent : texts.unplayable, 9);
  },
};

function follow() {
  const end = Math.min(part.end, audio.duration || part.end);
  if (audio.currentTime >= end - 0.004 && !audio.paused) {
    if (loop.checked) audio.currentTime = part.start;
    else if (part.end < (audio.duration || Infinity) - 0.01) { audio.pause(); audio.currentTime = part.start; }
  }
  const length = end - part.start;
  if (Number.isFinite(length) && length > 0) {
    const share = Math.min(1, Math.max(0, (audio.currentTime - part.start) / length));
    slider.value = String(Math.round(share * 1000));
    slider.setAttribute("aria-valuetext", clock(audio.currentTime));
    bar.querySelector("[data-time]").textContent = `${clock(audio.currentTime)} / ${clock(end)}`;
  }
  document.dispatchEvent(new CustomEvent("acousma:time", { detail: { time: audio.currentTime, sound: part.sound } }));
  if (!audio.paused) requestAnimationFrame(follow);
}

function marked() {
  toggle.classList.toggle("playing", !audio.paused);
  toggle.setAttribute("aria-label", audio.paused ? toggle.dataset.play : toggle.dataset.pause);
  for (const button of document.querySelectorAll("button.play")) {
    const { sound, start, end } = button.dataset;
    const own = !audio.paused && new URL(sound, location.href).href === new URL(part.sound || ".", location.href).href
      && Number(start) === part.start && Number(end) === part.end;
    button.classList.toggle("playing", own);
  }
  document.dispatchEvent(new CustomEvent("acousma:playing", { detail: { playing: !audio.paused } }));
}

audio.addEventListener("play", () => { marked(); requestAnimationFrame(follow); });
audio.addEventListener("pause", marked);
audio.addEventListener("seeked", follow);
audio.addEventListener("ended", () => { if (loop.checked) { audio.currentTime = part.start; audio.play(); } });
audio.addEventListener("error", () => { if (audio.src) player.explain(); });
toggle.addEventListener("click", () => { if (audio.paused) audio.play().catch(() => player.explain()); else audio.pause(); });
slider.addEventListener("input", () => {
  const end = Math.min(part.end, audio.duration || part.end);
  if (Number.isFinite(end)) audio.currentTime = part.start + (end - part.start) * Number(slider.value) / 1000;
});
bar.querySelector('[data-do="stop"]').addEventListener("click", () => {
  audio.pause();
  bar.hidden = true;
  body.classList.remove("has-player");
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button.play");
  if (!button) return;
  if (button.classList.contains("playing")) { audio.pause(); return; }
  const { sound, start, end, title, page } = button.dataset;
  player.play({ sound, start: Number(start), end: Number(end), title, page });
});

// --- pictures to take away ----------------------------------------------------------------------------------------
/** Save an <svg> of the page as a file, with the colours it has now: kind is "svg" or "png". */
export async function savePicture(svg, name, kind) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((one) => [one, ...one.querySelectorAll("*")]);
  const wanted = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity", "font-family", "font-size", "font-weight", "text-anchor"];
  from.forEach((element, number) => {
    const style = getComputedStyle(element);
    for (const property of wanted) to[number].setAttribute(property, style.getPropertyValue(property));
  });
  const box = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  if (!copy.getAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  let blob = new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
  if (kind === "png") {
    const picture = new Image();
    picture.src = URL.createObjectURL(blob);
    await picture.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: box.width * 2, height: box.height * 2 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = getComputedStyle(body).backgroundColor;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(picture.src);
    blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${name}.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-save]");
  if (!button) return;
  const svg = document.querySelector(button.dataset.of);
  if (svg) savePicture(svg, button.dataset.name || "acousma", button.dataset.save).catch(failed);
});
