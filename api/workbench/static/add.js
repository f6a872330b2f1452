// Sending a sound file, and telling what becomes of it.
import { ask, bench, root, say, session, signIn } from "./bench.js";

const form = document.getElementById("adding");
const words = form ? JSON.parse(form.dataset.words) : {};
const list = document.getElementById("jobs");
const base = document.body.dataset.base;
const said = document.getElementById("sending");
const bar = document.getElementById("progress");

function fault(id, text) {
  const place = document.getElementById(`${id}-fault`);
  place.hidden = !text;
  if (text) place.textContent = text;
  const field = document.getElementById(id);
  if (text) { field.setAttribute("aria-invalid", "true"); field.focus(); } else field.removeAttribute("aria-invalid");
  return Boolean(text);
}

function wrong() {
  const [file] = form.elements.file.files;
  const kinds = form.elements.file.accept.split(",");
  const tell = (name) => words[name].replace("{name}", file ? file.name : "");
  if (!file) return fault("file", tell("file_missing"));
  if (!kinds.some((kind) => file.name.toLowerCase().endsWith(kind))) return fault("file", tell("file_kind"));
  if (file.size > Number(form.dataset.most)) return fault("file", tell("file_large"));
  if (file.size === 0) return fault("file", tell("file_empty"));
  fault("file", "");
  const { year } = form.elements;
  if (!year.checkValidity()) return fault("year", words.year_fault);
  return fault("year", "");
}

function post(address, file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    if (session.token) request.setRequestHeader("Authorization", `Bearer ${session.token}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.round(event.loaded / event.total * 100);
      bar.hidden = false;
      bar.value = percent;
      if (percent % 10 === 0) said.textContent = words.sending.replace("{percent}", percent);
    });
    request.addEventListener("load", () => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* no document */ }
      if (request.status < 300) resolve(told);
      else reject(Object.assign(new Error(told.detail || `${request.status}`), { status: request.status }));
    });
    request.addEventListener("error", () => reject(new Error(words.lost)));
    request.send(file);
  });
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (wrong()) return;
  if (!session.canWrite && !(await signIn())) return;
  const [file] = form.elements.file.files;
  const address = new URL("api/uploads", root);
  address.searchParams.set("filename", file.name);
  for (const name of ["title", "creator", "year", "licence"]) {
    const value = form.elements[name].value.trim();
    if (value) address.searchParams.set(name, value);
  }
  for (const box of form.querySelectorAll('[name="describer"]:checked')) address.searchParams.append("describer", box.value);
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const job = await post(address, file);
    said.textContent = words.sent;
    form.reset();
    list.prepend(lineOf(job));
    document.getElementById("no-jobs").hidden = true;
    follow(job.id);
  } catch (error) {
    said.textContent = "";
    if (error.status === 401) { say(document.getElementById("texts").dataset.expired, 12); await signIn(); } else fault("file", error.message);
  } finally {
    button.disabled = false;
    bar.hidden = true;
  }
});

function lineOf(job) {
  const line = document.createElement("li");
  line.dataset.job = job.id;
  line.dataset.state = job.state;
  const make = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text, ...more });
  line.append(make("span", words[`state_${job.state}`], { className: `state ${job.state}` }), " ", make("strong", job.title || job.filename), " ", make("span", job.title ? job.filename : "", { className: "quiet" }));
  if (job.describers.length) line.append(" ", make("span", words.with.replace("{names}", job.describers.join(", ")), { className: "quiet" }));
  if (job.state === "running") {
    const bar = make("progress", "", { max: 100, value: job.percent || 0 });
    bar.setAttribute("aria-label", words.done_so_far);
    line.append(document.createElement("br"), bar);
  }
  if (job.problem) line.append(document.createElement("br"), make("span", job.problem, { className: "fault" }));
  for (const notice of job.notices) line.append(document.createElement("br"), make("span", notice, { className: "quiet" }));
  if (job.recording) {
    const path = job.recording.startsWith(base) ? job.recording.slice(base.length) : encodeURIComponent(job.recording);
    const more = job.step === "known already" ? words.known : words.statements.replace("{count}", job.statements || 0);
    line.append(document.createElement("br"), make("a", words.open, { href: new URL(path, bench).href }), " ", make("span", more, { className: "quiet" }));
  }
  return line;
}

/** Ask for a job until it is finished; longer and longer apart, and again after a break of the connection. */
async function follow(id) {
  for (let wait = 800; ; wait = Math.min(8000, wait * 1.25)) {
    await new Promise((resolve) => { setTimeout(resolve, wait); });
    let job = null;
    try { job = await (await ask(`api/jobs/${id}`)).json(); } catch (error) { if (error.status) return; continue; }
    const line = list.querySelector(`[data-job="${id}"]`);
    if (!line) return;
    if (line.dataset.state !== job.state) line.replaceWith(lineOf(job));
    else if (job.state === "running") line.querySelector("progress").value = job.percent || 0;
    if (job.state === "done" || job.state === "failed") {
      if (job.state === "done") say(words.finished.replace("{name}", job.title || job.filename));
      said.textContent = "";
      return;
    }
  }
}
for (const line of list?.querySelectorAll('[data-state="queued"], [data-state="running"]') || []) follow(line.dataset.job);
