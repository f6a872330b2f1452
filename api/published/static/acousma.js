// Two conveniences; every page works without them: the vocabulary is filtered as one types, and a question is
// answered on its page. Both leave the address of the page such that it can be sent to others.
"use strict";
document.documentElement.classList.add("scripted");

const folded = (text) =>
  text.toLowerCase().replaceAll("ß", "ss").normalize("NFD").replace(/\p{M}/gu, "");

const filters = document.querySelector("form.filters");
if (filters) {
  const names = ["category", "measurable", "checked"];
  const entries = [...document.querySelectorAll(".entry")].map((element) => ({
    element,
    text: folded(element.querySelector(".word").textContent) + " " + folded(element.dataset.id),
  }));
  const status = filters.querySelector("[role=status]");
  const show = () => {
    const words = folded(filters.q.value).split(/\s+/).filter(Boolean);
    const wanted = names.filter((name) => filters[name].value);
    let hits = 0;
    for (const { element } of entries) element.hidden = true;
    for (const { element, text } of entries) {
      const fits =
        words.every((word) => text.includes(word)) &&
        wanted.every((name) => element.dataset[name] === filters[name].value);
      if (!fits) continue;
      hits += 1;
      for (let above = element; above; above = above.parentElement.closest(".entry")) above.hidden = false;
    }
    for (const section of document.querySelectorAll(".scheme"))
      section.hidden = !section.querySelector(".entry:not([hidden])");
    const any = words.length + wanted.length > 0;
    status.textContent = any ? `${hits} of ${entries.length} terms` : `${entries.length} terms`;
    filters.querySelector(".reset").hidden = !any;
    document.getElementById("nothing").hidden = hits > 0;
    return any;
  };
  const remember = () => {
    const asked = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
    history.replaceState(null, "", `${location.pathname}${asked.size ? `?${asked}` : ""}${location.hash}`);
  };
  const update = () => { show(); remember(); };
  for (const [name, value] of new URLSearchParams(location.search))
    if (filters[name]) filters[name].value = value;
  let waiting = 0;
  filters.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(update, 60); });
  filters.addEventListener("submit", (event) => { event.preventDefault(); update(); });
  filters.querySelector(".reset").addEventListener("click", (event) => {
    event.preventDefault();
    for (const name of ["q", ...names]) filters[name].value = "";
    update();
    filters.q.focus();
  });
  if (location.search) show();
}

// On a narrow screen the list of contents starts closed.
if (matchMedia("(max-width: 61.9rem)").matches)
  for (const details of document.querySelectorAll(".contents details")) details.open = false;

const table = ({ head, results }) => {
  const box = document.createElement("div");
  box.className = "answer scroll";
  box.tabIndex = 0;
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", "Answer");
  if (!results.bindings.length) {
    box.textContent = "Nothing in this archive answers the question.";
    return box;
  }
  const element = box.appendChild(document.createElement("table"));
  const row = (parent, cells, kind) => {
    const tr = parent.appendChild(document.createElement("tr"));
    for (const text of cells) {
      const cell = tr.appendChild(document.createElement(kind));
      cell.textContent = text;
      if (kind === "th") cell.scope = "col";
    }
  };
  row(element.createTHead(), head.vars, "th");
  const body = element.createTBody();
  for (const binding of results.bindings) row(body, head.vars.map((name) => binding[name]?.value ?? ""), "td");
  return box;
};

for (const link of document.querySelectorAll("a.ask")) {
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const place = link.parentElement;
    place.nextElementSibling?.classList.contains("answer") && place.nextElementSibling.remove();
    let answer;
    try {
      const got = await fetch(link.href, { headers: { Accept: "application/sparql-results+json" } });
      if (!got.ok) throw new Error(await got.text());
      answer = table(await got.json());
    } catch (error) {
      answer = document.createElement("p");
      answer.className = "answer";
      answer.setAttribute("role", "alert");
      answer.textContent = `The archive does not answer: ${error.message}`;
    }
    place.after(answer);
    answer.focus();
  });
}
