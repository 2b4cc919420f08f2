// On a section that is to be printed: a button that does it. The browser's own menu does the same without this script.

const head = document.querySelector(".document-head");
if (head) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "document-print";
  button.textContent = head.dataset.print;
  button.addEventListener("click", () => window.print());
  head.append(button);
}
