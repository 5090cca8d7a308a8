// Comfort only: every page reads without this file.
(() => {
  const LIT = ".hf-row b, .hf math [tabindex], .hf-glossary li, .hf .h";

  // The words of the page's own language.
  const said = (name, english) => document.querySelector(".hf-page")?.dataset[name] ?? english;

  const codeOf = (block) =>
    [...block.querySelectorAll(".hf-code > div > .hf-row :is(pre, summary)")].map((shown) => shown.textContent).join("");

  const addCopyButtons = () => {
    for (const heading of document.querySelectorAll(".hf > h2:not(:has(.hf-copy))")) {
      const button = document.createElement("button");
      button.className = "hf-copy";
      button.type = "button";
      button.textContent = said("copy", "copy code");
      button.setAttribute("aria-label", `${button.textContent}: ${heading.textContent}`);
      heading.append(button);
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".hf-copy");
    if (button) {
      navigator.clipboard.writeText(codeOf(button.closest(".hf"))).then(() => {
        button.textContent = said("copied", "copied");
        setTimeout(() => (button.textContent = said("copy", "copy code")), 1500);
      });
      return;
    }
    // What is tapped or clicked stays lit. Some touch browsers focus nothing that is not a form field.
    const symbol = event.target.closest(LIT);
    if (symbol && document.activeElement !== symbol) {
      if (!symbol.hasAttribute("tabindex")) symbol.tabIndex = -1;
      symbol.focus({ preventScroll: true });
    }
  });

  // What is selected across notes and folds is copied as code alone, what is folded included.
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    const range = selection.rangeCount ? selection.getRangeAt(0) : null;
    const around = range?.commonAncestorContainer;
    const element = around?.nodeType === Node.ELEMENT_NODE ? around : around?.parentElement;
    if (!element?.closest(".hf-code") || element.closest("pre, summary, .hf-notes")) return;
    const chosen = document.createElement("div");
    chosen.append(range.cloneContents());
    const noCode = ".hf-notes, .hf-home, .hf-opened > summary, .hf-opened:not([open])";
    chosen.querySelectorAll(noCode).forEach((part) => part.remove());
    event.clipboardData.setData("text/plain", chosen.textContent);
    event.preventDefault();
  });

  // The language switch keeps the page; with this, also the place on it.
  const place = () => {
    if (location.hash.length > 1) return location.hash;
    const top = (element) => element.getBoundingClientRect().top;
    const passed = [...document.querySelectorAll(".md-content :is(section, h2, h3)[id]")].filter((one) => top(one) < 120);
    return window.scrollY > 120 && passed.length ? `#${passed.at(-1).id}` : "";
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.md-select__link[hreflang]");
    if (link) link.hash = place();
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.activeElement.matches(LIT)) document.activeElement.blur();
  });

  // The number of a line links to the line upstream (here, where there is no such place) from when it is pointed at:
  // a thousand addresses that differ in a number are not sent, nor are they stops for the Tab key.
  document.addEventListener("pointerover", (event) => {
    const number = event.target.closest?.(".hf-row a[id]:not([href])");
    if (!number) return;
    const lines = number.closest("[data-lines]")?.dataset.lines;
    number.href = lines ? `${lines}#${number.id.match(/L\d+$/)}` : `#${number.id}`;
    number.tabIndex = -1;
  });

  document.addEventListener("DOMContentLoaded", addCopyButtons);
  if (document.readyState !== "loading") addCopyButtons();
})();
