// Development mode: the open page follows its guide as it is edited.
//
// 1. `/-/live` says that something changed (server-sent events)
// 2. the page is fetched again
// 3. what differs in <main>, in the tree and in the title is replaced, and nothing else: the place on the page,
//    open <details> and what was typed stay
// 4. styles that changed are put in place of the ones before, when they have arrived
// 5. a page that cannot be made says why above what it was, until it can be made again

const FOLLOWED = ["main", ".tree"];
const SHOWN_MS = 2000;

/** Attributes that belong to this page rather than to its guide: what is open, and where the reader is. */
const KEPT = ["open", "aria-current"];

const status = document.createElement("p");
status.className = "status";
status.setAttribute("role", "status");
document.body.append(status);

let running = false;
let again = false;
let lost = false;
let hiding;

const source = new EventSource("/-/live");
source.addEventListener("message", refresh);
source.addEventListener("error", () => {
  lost = true;
  say("The server does not answer; waiting for it.");
});
source.addEventListener("open", () => {
  if (lost) refresh();
  lost = false;
});

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const response = await fetch(location.href, { cache: "no-store", headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) {
      say("");
      showError(page, response.status);
      return;
    }
    document.querySelector(".live-error")?.remove();
    const restyled = followStyles(page);
    if (follow(page) || restyled) say("Updated", SHOWN_MS);
    else say("");
  } catch {
    say("The page could not be fetched; it is shown as it was.");
  } finally {
    running = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

/** Makes this document follow `page`; true when that changed anything. */
function follow(page) {
  let changed = false;
  if (document.title !== page.title) {
    document.title = page.title;
    changed = true;
  }
  for (const selector of FOLLOWED) {
    const mine = document.querySelector(selector);
    const theirs = page.querySelector(selector);
    if (mine && theirs) changed = followNode(mine, theirs) || changed;
  }
  if (changed) document.dispatchEvent(new CustomEvent("loggia:changed"));
  return changed;
}

/** Says in place what the error page says, above the guide as it was. */
function showError(page, status) {
  const main = document.querySelector("main");
  const error = document.createElement("div");
  error.className = "notice notice-failed live-error";
  error.setAttribute("role", "alert");
  error.dataset.added = "";
  const lines = [...page.querySelectorAll("main h1, main p, main li")].slice(0, 6).map((part) => part.textContent.trim());
  const [title, ...rest] = lines.filter(Boolean);
  const strong = document.createElement("strong");
  strong.textContent = `${title ?? "This page cannot be made"} (${status}). It is shown as it was.`;
  error.append(paragraph(strong), ...rest.map((text) => paragraph(text)));
  main?.querySelector(".live-error")?.remove();
  main?.prepend(error);
}

function paragraph(content) {
  const made = document.createElement("p");
  made.append(content);
  return made;
}

/** Style sheets by their place among the others; a new one takes the old one's place once it is there. */
function followStyles(page) {
  const sheets = (of) => [...of.querySelectorAll('link[rel="stylesheet"]')];
  const mine = sheets(document);
  let changed = false;
  for (const [index, theirs] of sheets(page).entries()) {
    const old = mine[index];
    if (!old || old.getAttribute("href") === theirs.getAttribute("href")) continue;
    const fresh = document.importNode(theirs, true);
    fresh.addEventListener("load", () => old.remove());
    fresh.addEventListener("error", () => fresh.remove());
    old.after(fresh);
    changed = true;
  }
  return changed;
}

function followNode(mine, theirs) {
  if (mine.isEqualNode(theirs)) return false;
  if (mine.nodeName !== theirs.nodeName || mine.nodeType !== theirs.nodeType) {
    mine.replaceWith(document.importNode(theirs, true));
    return true;
  }
  if (mine.nodeType !== Node.ELEMENT_NODE) {
    mine.data = theirs.data;
    return true;
  }
  const attributes = followAttributes(mine, theirs);
  return followChildren(mine, theirs) || attributes;
}

/** Children that start or end alike stay; those between are followed one by one, added or taken away. */
function followChildren(mine, theirs) {
  // What a script added to this page is not in the fetched one, and stays.
  const old = [...mine.childNodes].filter((node) => node.dataset?.added === undefined);
  const fresh = [...theirs.childNodes];
  const alike = (a, b) => a !== undefined && b !== undefined && a.isEqualNode(b);
  while (alike(old[0], fresh[0])) {
    old.shift();
    fresh.shift();
  }
  let tail = null;
  while (alike(old.at(-1), fresh.at(-1))) {
    tail = old.pop();
    fresh.pop();
  }
  let changed = false;
  for (const [index, node] of fresh.entries()) {
    if (index < old.length) {
      changed = followNode(old[index], node) || changed;
    } else {
      mine.insertBefore(document.importNode(node, true), tail);
      changed = true;
    }
  }
  for (const node of old.slice(fresh.length)) {
    node.remove();
    changed = true;
  }
  return changed;
}

function followAttributes(mine, theirs) {
  let changed = false;
  const names = new Set([...mine.getAttributeNames(), ...theirs.getAttributeNames()]);
  for (const name of names) {
    if (KEPT.includes(name) || mine.getAttribute(name) === theirs.getAttribute(name)) continue;
    if (theirs.hasAttribute(name)) mine.setAttribute(name, theirs.getAttribute(name));
    else mine.removeAttribute(name);
    changed = true;
  }
  return changed;
}

function say(text, forMs) {
  clearTimeout(hiding);
  status.textContent = text;
  if (forMs) hiding = setTimeout(() => say(""), forMs);
}
