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
  const mark = () => {
    const line = window.innerHeight / 3;
    let current;
    for (const heading of links.keys()) {
      if (heading.getBoundingClientRect().top <= line) current = heading;
    }
    for (const [heading, link] of links) {
      if (heading === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  watcher = new IntersectionObserver(mark, { rootMargin: "0px 0px -66% 0px", threshold: [0, 1] });
  for (const heading of links.keys()) watcher.observe(heading);
}

/** Scrolls the tree, and only the tree, to the current guide. */
function showCurrent() {
  const tree = document.querySelector(".tree");
  const current = tree?.querySelector("[aria-current]");
  if (!current || tree.scrollHeight <= tree.clientHeight) return;
  const offset = current.getBoundingClientRect().top - tree.getBoundingClientRect().top;
  if (offset > tree.clientHeight * 0.7) tree.scrollTop += offset - tree.clientHeight / 3;
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
