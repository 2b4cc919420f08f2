// Search in a site of plain files, which `loggia build` writes: an index is fetched once, and every section that
// holds all of the words is ranked by where it holds them.

const MOST = 50;
const AROUND = 90;

const found = document.getElementById("found");
const query = (new URLSearchParams(location.search).get("q") ?? "").slice(0, 200).trim();
found.replaceChildren();
for (const box of document.querySelectorAll('input[name="q"]')) box.value = query;
if (query) search();

async function search() {
  say("Searching…");
  let sections;
  try {
    const response = await fetch("index.json");
    if (!response.ok) throw new Error(String(response.status));
    sections = await response.json();
  } catch {
    say("The index could not be fetched. Try again in a moment.");
    return;
  }
  const words = plain(query).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const hits = sections.map((section) => ({ section, score: score(section, words) })).filter(({ score }) => score > 0);
  hits.sort((one, other) => other.score - one.score);
  show(hits.slice(0, MOST).map(({ section }) => section), words, hits.length);
}

/** Accents and capitals make no difference. */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Nothing unless every word is there; words in a title or heading, and whole words, count for more. */
function score(section, words) {
  if (words.length === 0) return 0;
  const fields = [
    [plain(section.t), section.h ? 4 : 12],
    [plain(section.h ?? ""), 8],
    [plain(section.x), 1],
  ];
  let total = 0;
  for (const word of words) {
    let best = 0;
    for (const [text, weight] of fields) {
      const at = text.indexOf(word);
      if (at < 0) continue;
      const begins = at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1]);
      best += begins ? 2 * weight : weight;
    }
    if (best === 0) return 0;
    total += best;
  }
  return total;
}

function show(sections, words, total) {
  const heading = document.querySelector("h1");
  heading.textContent = `Results for “${query}”`;
  document.title = `${query} – ${document.title}`;
  const list = element("ol", { class: "hits" });
  list.append(...sections.map((section) => hit(section, words)));
  say(total === 0 ? "Nothing was found. Use fewer words, or others." : total === 1 ? "1 result" : `${total} results`);
  if (total) found.append(list);
}

function hit({ t, h, u, x }, words) {
  const item = element("li", { class: "hit" });
  const link = element("a", { href: found.dataset.root + u });
  link.textContent = h || t;
  const title = element("h2");
  title.append(link);
  item.append(title);
  if (h) {
    const place = element("p", { class: "hit-place" });
    place.textContent = t;
    item.append(place);
  }
  const text = element("p", { class: "hit-text" });
  text.append(...excerpt(x, words));
  item.append(text);
  return item;
}

/** The text around the first word, with the word marked. */
function excerpt(text, words) {
  const low = text.toLowerCase();
  const places = words.map((word) => [low.indexOf(word), word]).filter(([at]) => at >= 0);
  if (places.length === 0) return [text.slice(0, 2 * AROUND) + (text.length > 2 * AROUND ? "…" : "")];
  const [at, word] = places.reduce((one, other) => (other[0] < one[0] ? other : one));
  const start = Math.max(0, at - AROUND);
  const end = at + word.length;
  const mark = element("mark");
  mark.textContent = text.slice(at, end);
  const before = (start > 0 ? "…" : "") + text.slice(start, at);
  const after = text.slice(end, end + AROUND);
  return [before, mark, after + (end + AROUND < text.length ? "…" : "")];
}

function say(text) {
  const status = element("p", { class: "quiet", role: "status" });
  status.textContent = text;
  found.replaceChildren(status);
}

function element(name, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
