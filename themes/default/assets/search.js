// Suggestions under the search box in the header, as you type. Without this script the form still searches.
//
// 1. a pause in typing asks `/-/search.json`; a newer question ends an older one, whose answer is dropped
// 2. the answer becomes a listbox of links (WAI-ARIA combobox pattern), its count announced
// 3. keys: `/` focuses the box, arrows choose, Enter follows, Escape closes
// 4. that a result was opened is counted, with the words that found it and nothing about who opened it
//
// Nothing is kept: no cookie, no storage.

const PAUSE_MS = 90;
const LIMIT = 8;

const form = document.querySelector(".banner .search");
if (form) start(form, form.querySelector("input"));

const results = document.querySelector(".hits");
if (results) {
  const asked = new URLSearchParams(location.search).get("q");
  for (const kind of ["click", "auxclick"]) {
    results.addEventListener(kind, (event) => {
      if (event.button < 2 && event.target.closest?.("a")) tell(asked, "results");
    });
  }
}

function start(form, input) {
  const panel = element("div", { class: "suggestions" });
  const note = element("p", { class: "suggestions-note", "aria-hidden": "true" });
  const list = element("div", { id: "suggestions", role: "listbox", "aria-label": "Suggestions" });
  const status = element("p", { class: "unseen", role: "status" });
  const hint = element("kbd", { "aria-hidden": "true" });
  hint.textContent = "/";
  panel.hidden = true;
  panel.append(note, list);
  form.append(hint, panel, status);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
    "aria-expanded": "false",
    "aria-keyshortcuts": "/",
  })) {
    input.setAttribute(name, value);
  }

  let chosen = -1;
  let timer;
  let running;
  let shown = "";

  const options = () => (panel.hidden ? [] : [...list.children]);

  function close() {
    clearTimeout(timer);
    running?.abort();
    panel.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  function choose(index) {
    const all = [...list.children];
    all[chosen]?.setAttribute("aria-selected", "false");
    chosen = index;
    const option = all[chosen];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", option.id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  async function suggest() {
    const query = input.value.trim();
    running?.abort();
    if (!query) {
      status.textContent = "";
      return close();
    }
    const mine = (running = new AbortController());
    try {
      const address = `/-/search.json?${new URLSearchParams({ q: input.value, limit: LIMIT, typing: 1 })}`;
      const response = await fetch(address, { signal: mine.signal, headers: { accept: "application/json" } });
      const answer = response.ok ? await response.json() : null;
      // A newer question took over, or the list was closed meanwhile.
      if (mine.signal.aborted) return;
      if (answer) show(answer, query);
      else close();
    } catch {
      // The server cannot be reached: the form still searches.
      if (!mine.signal.aborted) close();
    }
  }

  function show({ hits, total, corrected, suggestions }, query) {
    choose(-1);
    shown = query;
    const made = hits.map(found);
    if (total > hits.length) made.push(instead(query, `All ${total} results`));
    if (total === 0) made.push(...suggestions.map((other) => instead(other, other)));
    made.forEach((option, index) => {
      option.id = `suggestion-${index}`;
      option.tabIndex = -1;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
    });
    list.replaceChildren(...made);
    const other = corrected?.query.trim();
    note.textContent = total ? (other ? `Results for ${other}` : "") : made.length ? "Nothing found. Did you mean" : "Nothing found";
    note.hidden = !note.textContent;
    // An empty list is no list: only the note is there then.
    list.hidden = made.length === 0;
    panel.hidden = false;
    input.setAttribute("aria-expanded", String(made.length > 0));
    const count = total === 1 ? "1 result" : `${total} results`;
    status.textContent = total ? `${count}${other ? ` for ${other}` : ""}` : made.length ? `Nothing found, ${made.length} suggestions` : "Nothing found";
  }

  /** A section that was found. */
  function found({ title, heading, url, kind }) {
    const link = element("a", { href: url });
    const name = element("b");
    name.textContent = heading || title;
    link.append(name);
    const place = [kind === "app" ? "App" : "", heading && heading !== title ? title : ""].filter(Boolean).join(": ");
    if (place) {
      const under = element("small");
      under.textContent = place;
      link.append(under);
    }
    return link;
  }

  /** The page of results for a question. */
  function instead(query, words) {
    const link = element("a", { href: `/-/search?${new URLSearchParams({ q: query })}`, class: "suggestions-all" });
    link.textContent = words;
    return link;
  }

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    // What was asked before is of no interest any more.
    running?.abort();
    if (!event.isComposing) timer = setTimeout(suggest, PAUSE_MS);
  });
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, PAUSE_MS);
  });

  input.addEventListener("focus", () => {
    if (input.value.trim() && panel.hidden && !results) suggest();
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const count = options().length;
    if (event.key === "ArrowDown" && count) {
      choose(chosen + 1 < count ? chosen + 1 : -1);
    } else if (event.key === "ArrowUp" && count) {
      choose(chosen >= 0 ? chosen - 1 : count - 1);
    } else if (event.key === "ArrowDown" && input.value.trim()) {
      suggest();
    } else if (event.key === "Enter" && chosen >= 0) {
      // A click on the link itself, with the keys held, so that it opens where a click would open it.
      const { ctrlKey, metaKey, shiftKey } = event;
      const click = new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey });
      options()[chosen].dispatchEvent(click);
    } else if (event.key === "Escape" && !panel.hidden) {
      close();
    } else {
      return;
    }
    event.preventDefault();
  });

  // A click keeps the focus in the box until the link was followed; leaving the form closes the list.
  panel.addEventListener("mousedown", (event) => {
    if (event.button === 0) event.preventDefault();
  });
  for (const kind of ["click", "auxclick"]) {
    list.addEventListener(kind, (event) => {
      const link = event.target.closest?.("a");
      if (!link || event.button > 1) return;
      if (!link.classList.contains("suggestions-all")) tell(shown, "suggestions");
      if (event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) close();
    });
  }
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  form.addEventListener("submit", close);

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}

/** Counts that a result of this question was opened. That it arrives is not waited for. */
function tell(query, from) {
  if (query?.trim()) navigator.sendBeacon("/-/search/clicked", new URLSearchParams({ q: query.trim(), from }));
}

function element(name, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
