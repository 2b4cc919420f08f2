// On a guide's page: marks where you are in its contents, brings the current guide into view in the tree, and
// puts a button on code to copy it. The page is complete without this script.

let watcher;
let status;

// The style sheet shows what is inside a drawer where there is room for it; these are its two widths.
keepOpen(".tree > .drawer", "(min-width: 62rem)");
keepOpen(".contents > .drawer", "(min-width: 80rem)");
showCurrent();
decorate();
document.addEventListener("loggia:changed", decorate);

function decorate() {
  watchHeadings();
  addCopyButtons();
}

/** A drawer whose inside always shows is also open, for those who cannot see that it is. */
function keepOpen(selector, width) {
  const wide = window.matchMedia(width);
  const drawer = document.querySelector(selector);
  if (!drawer || !CSS.supports("selector(::details-content)")) return;
  const follow = () => {
    drawer.open = wide.matches;
  };
  if (wide.matches) follow();
  wide.addEventListener("change", follow);
}

/** The last heading above the upper third of the window is where you are. */
function watchHeadings() {
  watcher?.disconnect();
  const links = new Map();
  for (const link of document.querySelectorAll(".contents a")) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) links.set(heading, link);
  }
  if (links.size === 0) return;
  const above = new Set();
  // The area reaches far above the window, so that a heading leaves it only downwards, and a leap counts like a step.
  watcher = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        if (isIntersecting) above.add(target);
        else above.delete(target);
      }
      mark([...links.keys()].findLast((heading) => above.has(heading)));
    },
    { rootMargin: "10000000px 0px -66% 0px" },
  );
  const mark = (current) => {
    for (const [heading, link] of links) {
      if (heading === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    keepInView(links.get(current));
  };
  for (const heading of links.keys()) watcher.observe(heading);
}

/** Scrolls a long table of contents, and only it, to where you are. */
function keepInView(link) {
  const drawer = link?.closest(".drawer");
  if (!drawer || drawer.scrollHeight <= drawer.clientHeight) return;
  const { top, bottom } = link.getBoundingClientRect();
  const frame = drawer.getBoundingClientRect();
  if (top < frame.top) drawer.scrollTop += top - frame.top - 16;
  else if (bottom > frame.bottom) drawer.scrollTop += bottom - frame.bottom + 16;
}

/** Leaves the tree where it was on the page before, and scrolls it, and only it, where the current guide is out of view. */
function showCurrent() {
  const tree = document.querySelector(".tree");
  if (!tree) return;
  addEventListener("pagehide", () => remember("tree", String(tree.scrollTop)));
  const current = tree.querySelector("[aria-current]");
  if (!current || tree.scrollHeight <= tree.clientHeight) return;
  tree.scrollTop = Number(recall("tree")) || 0;
  const offset = current.getBoundingClientRect().top - tree.getBoundingClientRect().top;
  if (offset < 0 || offset > tree.clientHeight * 0.85) tree.scrollTop += offset - tree.clientHeight / 3;
}

/** Kept for this window; a browser that keeps nothing starts at the top. */
function remember(key, value) {
  try {
    sessionStorage.setItem(`loggia:${key}`, value);
  } catch {}
}

function recall(key) {
  try {
    return sessionStorage.getItem(`loggia:${key}`);
  } catch {
    return null;
  }
}

function addCopyButtons() {
  if (!navigator.clipboard) return;
  for (const holder of document.querySelectorAll(".copy")) {
    if (!holder.nextElementSibling?.matches("pre")) holder.remove();
  }
  for (const block of document.querySelectorAll(".content pre")) {
    if (block.previousElementSibling?.matches(".copy")) continue;
    const holder = document.createElement("div");
    holder.className = "copy";
    holder.dataset.added = "";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", () => copy(block, button));
    holder.append(button);
    block.before(holder);
  }
}

async function copy(block, button) {
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(block.textContent.replace(/\n$/, ""));
  } catch {
    said = "Not copied";
  }
  button.textContent = said;
  announce(said);
  setTimeout(() => {
    button.textContent = "Copy";
    announce("");
  }, 2000);
}

/** Says it to those who listen; those who look see the button change. */
function announce(text) {
  if (!status) {
    status = document.createElement("p");
    status.className = "unseen";
    status.setAttribute("role", "status");
    document.body.append(status);
  }
  status.textContent = text;
}
