// Development mode: the open page follows its guide as it is edited.
//
// 1. `/-/live` says that something changed (server-sent events)
// 2. the page is fetched again
// 3. what differs in <main>, in the tree and in the title is replaced, and nothing else: the place on the page,
//    open <details> and what was typed stay

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
    if (!response.ok) say(`This page now answers ${response.status}; it is shown as it was.`);
    else if (follow(page)) say("Updated", SHOWN_MS);
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
