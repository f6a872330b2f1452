// Fields for concepts: suggestions in three languages as one types, and a tree by author to browse.
//
// A plain text field becomes a combobox (WAI-ARIA 1.2); without this script it takes an id or a label all the same.
const folded = (text) => text.toLowerCase().replaceAll("ß", "ss").normalize("NFD").replace(/\p{M}/gu, "");
const MOST = 30;
let known;

async function concepts(address) {
  known ??= fetch(address).then((answer) => answer.json()).then((list) => {
    const byId = new Map(list.map((concept) => [concept.id, concept]));
    for (const concept of list) {
      const names = [...new Set(Object.values(concept.label))];
      concept.shown = concept.label.en;
      concept.others = names.filter((name) => name !== concept.label.en).join(" · ");
      concept.words = folded([...names, ...concept.other, concept.id].join(" | "));
      const above = [];
      for (let one = byId.get(concept.parent); one && above.length < 4; one = byId.get(one.parent)) above.unshift(one.label.en);
      concept.path = [concept.scheme, ...above].join(" › ");
      concept.below = [];
    }
    for (const concept of list) byId.get(concept.parent)?.below.push(concept);
    return list;
  });
  return known;
}

function found(list, text) {
  const wanted = folded(text.trim());
  if (!wanted) return list.filter((concept) => concept.measured).slice(0, MOST);
  const rank = (concept) => {
    const names = Object.values(concept.label).map(folded);
    if (names.includes(wanted) || folded(concept.id) === wanted) return 0;
    if (names.some((name) => name.startsWith(wanted))) return 1;
    return wanted.split(/\s+/).every((word) => concept.words.includes(word)) ? 2 : 9;
  };
  return list.map((concept) => [rank(concept), concept]).filter(([place]) => place < 9)
    .sort((one, other) => one[0] - other[0]).slice(0, MOST).map(([, concept]) => concept);
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function enhance(input, texts) {
  const id = `${input.id}-choices`;
  const list = element("ul", { className: "choices", id, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", texts.tree);
  const browse = element("button", { type: "button", className: "plain", textContent: texts.browse });
  const place = element("div", { className: "concept-field" });
  const typing = document.activeElement === input ? [input.selectionStart, input.selectionEnd] : null;
  input.replaceWith(place);
  place.append(input, browse, list);
  if (typing) { input.focus(); input.setSelectionRange(...typing); } // who began to type before this script came goes on
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": id, "aria-expanded": "false" }))
    input.setAttribute(name, value);
  let shown = [];
  let chosen = -1;
  const close = () => { list.hidden = true; chosen = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const take = (concept) => { input.value = concept.named; input.dispatchEvent(new Event("change", { bubbles: true })); close(); input.focus(); };
  const mark = (number) => {
    chosen = number;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    if (chosen >= 0) {
      input.setAttribute("aria-activedescendant", list.children[chosen].id);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    }
  };
  const open = async (choosing = false) => {
    shown = found(await concepts(texts.concepts), input.value);
    list.replaceChildren(...shown.map((concept, number) => {
      const item = element("li", { id: `${id}-${number}` }, concept.others ? `${concept.shown} — ${concept.others}` : concept.shown,
        element("span", { className: "where", textContent: concept.path }));
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(concept); });
      return item;
    }));
    // a word that is fully typed needs no list, which would lie over what is below
    const typed = folded(input.value.trim());
    const whole = shown.length && (folded(shown[0].id) === typed || Object.values(shown[0].label).some((name) => folded(name) === typed));
    list.hidden = !shown.length || (whole && !choosing);
    input.setAttribute("aria-expanded", String(!list.hidden));
    chosen = -1;
  };
  input.addEventListener("input", () => open());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) { open(true); return; }
      mark((chosen + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
    } else if (event.key === "Enter" && chosen >= 0 && !list.hidden) { event.preventDefault(); take(shown[chosen]); }
    else if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
  });
  browse.addEventListener("click", () => tree(texts, take, browse));
}

async function tree(texts, take, opener) {
  const list = await concepts(texts.concepts);
  const dialog = element("dialog", { className: "picker" });
  dialog.setAttribute("aria-label", texts.tree);
  const search = element("input", { type: "search", autocomplete: "off" });
  search.setAttribute("aria-label", texts.find);
  search.placeholder = texts.find;
  const count = element("p", { className: "quiet" });
  count.setAttribute("role", "status");
  const place = element("div", { className: "tree-of-concepts", tabIndex: 0 });
  const item = (concept, deep) => {
    const button = element("button", { type: "button", title: concept.id }, concept.shown);
    button.addEventListener("click", () => { dialog.close(); take(concept); });
    const made = element("li", { className: "branch" }, button);
    if (concept.others) made.append(element("span", { className: "where", textContent: concept.others }));
    if (deep && concept.below.length) made.append(element("ul", {}, ...concept.below.map((one) => item(one, true))));
    return made;
  };
  const whole = () => {
    const schemes = Map.groupBy ? Map.groupBy(list, (concept) => concept.scheme) : list.reduce((map, one) => map.set(one.scheme, [...(map.get(one.scheme) || []), one]), new Map());
    place.replaceChildren(...[...schemes].map(([scheme, all]) => {
      const ids = new Set(all.map((concept) => concept.id));
      return element("details", {}, element("summary", { textContent: `${scheme} (${all.length})` }),
        element("ul", {}, ...all.filter((concept) => !ids.has(concept.parent)).map((concept) => item(concept, true))));
    }));
    count.textContent = texts.count.replace("{count}", list.length);
  };
  search.addEventListener("input", () => {
    if (!search.value.trim()) { whole(); return; }
    const hits = found(list, search.value);
    place.replaceChildren(element("ul", {}, ...hits.map((concept) => {
      const made = item(concept, false);
      made.append(element("span", { className: "where", textContent: concept.path }));
      return made;
    })));
    count.textContent = texts.count.replace("{count}", hits.length);
  });
  const shut = element("button", { type: "button", className: "plain", textContent: texts.close });
  shut.addEventListener("click", () => dialog.close());
  dialog.append(element("p", {}, search), count, place, element("p", { className: "actions" }, shut));
  dialog.addEventListener("close", () => { dialog.remove(); opener.focus(); });
  whole();
  document.body.append(dialog);
  dialog.showModal();
  search.focus();
}

/** Make every field for a concept inside an element one that suggests. */
export function pickers(within) {
  const texts = within.dataset;
  for (const input of within.querySelectorAll("input[data-concept]")) enhance(input, texts);
}
