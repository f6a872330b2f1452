// Sounding examples on the page of a term: fetched when they come near, played by one audio element.
const place = document.getElementById("sounding");
const bench = new URL("../", import.meta.url);
const audio = new Audio();
let playing = null;
let end = 0;

function stop() {
  audio.pause();
  playing?.classList.remove("playing");
  playing = null;
}

function play(button, one) {
  if (playing === button) { stop(); return; }
  stop();
  const address = new URL(one.sound || `audio/${one.recording}`, bench).href;
  if (audio.src !== address) audio.src = address;
  const begin = () => { audio.currentTime = one.start || 0; };
  if (audio.readyState >= 1) begin(); else audio.addEventListener("loadedmetadata", begin, { once: true });
  end = one.end || Infinity;
  playing = button;
  button.classList.add("playing");
  audio.play().catch(stop);
}
audio.addEventListener("timeupdate", () => { if (audio.currentTime >= end) stop(); });
audio.addEventListener("ended", stop);

async function show() {
  const told = await (await fetch(place.dataset.examples)).json();
  const more = place.querySelector("p");
  if (!told.examples.length) more.before(Object.assign(document.createElement("p"), { className: "quiet", textContent: told.none }));
  const list = Object.assign(document.createElement("ul"), { className: "examples" });
  for (const one of [...told.examples, ...told.made]) {
    const line = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "play" });
    button.setAttribute("aria-label", one.play);
    button.addEventListener("click", () => play(button, one));
    const words = document.createElement("span");
    if (one.sound) {
      words.append(one.title, Object.assign(document.createElement("span"), { className: "quiet", textContent: ` (${one.why})` }));
    } else {
      const link = Object.assign(document.createElement("a"), { textContent: one.title, href: new URL(one.recording, bench).href });
      link.hash = `part=${one.start},${one.end}`;
      const claim = Object.assign(document.createElement("a"), { textContent: told.claim, href: new URL(`claim/${one.claim}`, bench).href });
      words.append(link, ` ${one.when}, ${one.why} (`, claim, ")");
    }
    line.append(button, words);
    list.append(line);
  }
  more.before(list);
}

if (place) {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    show().catch(() => {});
  }, { rootMargin: "400px" });
  seen.observe(place);
}
