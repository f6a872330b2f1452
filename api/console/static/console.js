// Starts YASGUI with what this server offers; nothing is asked of other servers.
"use strict";

(async () => {
  const place = document.getElementById("console");
  const endpoint = new URL(place.dataset.endpoint, document.baseURI).href;
  const offered = await (await fetch("console/examples.json")).json();
  const prefixes = Object.entries(offered.prefixes).map(([name, iri]) => `${name}: <${iri}>`);
  const Yasqe = Yasgui.Yasqe;
  const near = (words, token) =>
    words.filter((iri) => iri.toLowerCase().includes((token.autocompletionString || token.string || "").toLowerCase()));
  for (const [name, words] of [["prefixes", prefixes], ["class", offered.classes], ["property", offered.properties]]) {
    if (!Yasqe.Autocompleters[name]) continue;
    Yasqe.Autocompleters[name].persistenceId = () => null;
    Yasqe.Autocompleters[name].bulk = name === "prefixes";
    Yasqe.Autocompleters[name].get = (_, token) => (name === "prefixes" ? words : near(words, token || {string: ""}));
  }
  Yasqe.defaults.value = `${Object.entries(offered.prefixes).map(([name, iri]) => `PREFIX ${name}: <${iri}>`).join("\n")}

SELECT * WHERE {
  ?subject ?predicate ?object
}
LIMIT 20
`;
  const shared = /[#&]query=/.test(location.hash);
  const fresh = !Object.keys(localStorage).some((key) => key.includes("acousma_console"));
  const console_ = new Yasgui(place, {
    persistenceId: "acousma_console",
    copyEndpointOnNewTab: true,
    requestConfig: {endpoint, method: "POST"},
    endpointCatalogueOptions: {getData: () => []},
    yasr: {prefixes: offered.prefixes},
  });
  const open = (question, active) => {
    const base = Yasgui.Tab.getDefaults(console_);
    const requestConfig = {...base.requestConfig, endpoint, method: "POST"};
    console_.addTab(active, {...base, name: question.name, requestConfig, yasqe: {...base.yasqe, value: question.query}});
  };
  if (fresh && !shared) for (const question of offered.questions) if (question.open) open(question, false);
  const list = document.getElementById("stored");
  for (const question of offered.questions) list.add(new Option(question.title, question.name));
  list.closest("p").hidden = false;
  list.addEventListener("change", () => {
    const chosen = offered.questions.find((question) => question.name === list.value);
    if (chosen) open(chosen, true);
    list.value = "";
  });
  place.dataset.ready = "yes";
})();
