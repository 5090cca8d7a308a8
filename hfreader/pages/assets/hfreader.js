// Comfort only: every page reads without this file.
(() => {
  const codeOf = (block) =>
    [...block.querySelectorAll(".hf-code > .hf-row > pre")]
      .map((shown) => {
        const code = shown.cloneNode(true);
        code.querySelectorAll("a[id]").forEach((number) => number.remove());
        return code.textContent;
      })
      .join("");

  const addCopyButtons = () => {
    for (const heading of document.querySelectorAll(".hf > h2:not(:has(.hf-copy))")) {
      const button = document.createElement("button");
      button.className = "hf-copy";
      button.type = "button";
      button.textContent = "copy code";
      button.setAttribute("aria-label", `copy the code of ${heading.textContent}`);
      heading.append(button);
    }
  };

  // The number of a paragraph's first line is a link to the paragraph upstream: the others lead to their own line
  // there, or where there is no upstream become the page's address.
  const openLine = (number) => {
    const linked = [...number.closest("pre").querySelectorAll("a[id][href]")].filter(
      (link) => link === number || link.compareDocumentPosition(number) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    const paragraph = linked[linked.length - 1];
    location.href = paragraph ? `${paragraph.href.split("#")[0]}#L${number.textContent}` : `#${number.id}`;
  };
  document.documentElement.classList.add("hf-js");

  document.addEventListener("click", (event) => {
    const number = event.target.closest(".hf-row pre a[id]:not([href])");
    if (number) {
      openLine(number);
      return;
    }
    const button = event.target.closest(".hf-copy");
    if (button) {
      navigator.clipboard.writeText(codeOf(button.closest(".hf"))).then(() => {
        button.textContent = "copied";
        setTimeout(() => (button.textContent = "copy code"), 1500);
      });
      return;
    }
    // Some touch browsers focus nothing that is not a form field.
    const symbol = event.target.closest(".hf pre b, .hf .hf-sym[tabindex], .hf .h");
    if (symbol && document.activeElement !== symbol) symbol.focus({ preventScroll: true });
  });

  document.addEventListener("DOMContentLoaded", addCopyButtons);
  if (document.readyState !== "loading") addCopyButtons();
})();
