// Suggestions under the search box in the header, as you type. Without this script the form still searches.
//
// 1. a pause in typing asks `/-/search.json`; a newer question ends an older one
// 2. the answer becomes a listbox of links (WAI-ARIA combobox pattern), its count announced
// 3. keys: `/` focuses the box, arrows choose, Enter follows, Escape closes

const PAUSE_MS = 90;
const LIMIT = 8;

const form = document.querySelector(".banner .search");
if (form) start(form, form.querySelector("input"));

function start(form, input) {
  const list = element("div", { id: "suggestions", class: "suggestions", role: "listbox", "aria-label": "Suggestions" });
  const status = element("p", { class: "unseen", role: "status" });
  const hint = element("kbd", { "aria-hidden": "true" });
  hint.textContent = "/";
  list.hidden = true;
  form.append(hint, list, status);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
    "aria-expanded": "false",
  })) {
    input.setAttribute(name, value);
  }

  let chosen = -1;
  let timer;
  let running;

  function close() {
    clearTimeout(timer);
    running?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  function choose(index) {
    const options = [...list.children];
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = index;
    const option = options[chosen];
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
    if (!query) {
      status.textContent = "";
      return close();
    }
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    try {
      const address = `/-/search.json?q=${encodeURIComponent(query)}&limit=${LIMIT}`;
      const response = await fetch(address, { signal, headers: { accept: "application/json" } });
      if (!response.ok) return close();
      const answer = await response.json();
      if (!signal.aborted) show(answer);
    } catch {
      // A newer question took over, or the server cannot be reached: the form still searches.
      if (!signal.aborted) close();
    }
  }

  function show({ hits, total, corrected }) {
    choose(-1);
    list.replaceChildren(...hits.map(option));
    list.hidden = hits.length === 0;
    input.setAttribute("aria-expanded", String(hits.length > 0));
    const instead = corrected ? ` for ${corrected.query}` : "";
    status.textContent = total === 1 ? `1 result${instead}` : `${total} results${instead}`;
  }

  function option({ title, heading, url, kind }, index) {
    const link = element("a", { id: `suggestion-${index}`, role: "option", "aria-selected": "false", href: url });
    link.tabIndex = -1;
    const name = element("b");
    name.textContent = heading || title;
    link.append(name);
    if (heading || kind === "app") {
      const place = element("small");
      place.textContent = kind === "app" ? (heading ? `App: ${title}` : "App") : title;
      link.append(place);
    }
    return link;
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(suggest, PAUSE_MS);
  });

  input.addEventListener("focus", () => {
    if (input.value.trim() && list.hidden && !document.querySelector(".hits")) suggest();
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const count = list.hidden ? 0 : list.children.length;
    if (event.key === "ArrowDown" && count) {
      choose(chosen + 1 < count ? chosen + 1 : -1);
    } else if (event.key === "ArrowUp" && count) {
      choose(chosen >= 0 ? chosen - 1 : count - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      // A click on the link itself, with the keys held, so that it opens where a click would open it.
      const { ctrlKey, metaKey, shiftKey } = event;
      const click = new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey });
      list.children[chosen].dispatchEvent(click);
    } else if (event.key === "Escape" && count) {
      close();
    } else {
      return;
    }
    event.preventDefault();
  });

  // A click keeps the focus in the box until the link was followed; leaving the form closes the list.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) close();
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  form.addEventListener("submit", close);

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}

function element(name, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
