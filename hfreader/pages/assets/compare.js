// Two families chosen by the reader, put together from a small script file of each (which a folder without a server can
// load, too). The choice stands in the address.
(() => {
  const element = (tag, attributes = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children.filter((child) => child !== null));
    return made;
  };
  const known = {};
  window.hfFamily = (page, facts) => (known[page] = facts);

  const load = (page, roots) =>
    new Promise((resolve) => {
      if (known[page] || !roots.length) return resolve(known[page] ?? null);
      const script = element("script", { src: `${roots[0]}assets/hfreader/families/${page}.js` });
      script.onload = () => resolve(known[page] ?? null);
      script.onerror = () => load(page, roots.slice(1)).then(resolve);
      document.head.append(script);
    });

  class Choice {
    constructor(script) {
      this.data = JSON.parse(script.textContent);
      this.names = Object.fromEntries(this.data.families.map((family) => [family[0], family]));
      this.place = script.parentElement.querySelector(".hf-choice");
      this.shown = element("div");
      this.selects = [0, 1].map((side) => {
        const options = this.data.families.map(([page, name]) => element("option", { value: page, textContent: name }));
        const select = element("select", {}, ...options);
        select.setAttribute("aria-label", side ? "B" : "A");
        select.addEventListener("change", () => this.go());
        return select;
      });
      this.place.replaceChildren(element("p", { className: "hf-pick" }, this.selects[0], " – ", this.selects[1]), this.shown);
      window.addEventListener("hashchange", () => this.read());
      this.read();
    }

    // `#models/bert+models/gpt2`; one that is missing is the first that is not the other.
    read() {
      const asked = decodeURIComponent(location.hash.slice(1)).split("+").map((page) => (this.names[page] ? page : null));
      if (location.hash.length > 1 && !asked.some(Boolean)) return;
      const all = this.data.families.map(([page]) => page);
      const left = asked[0] ?? all.find((page) => page !== asked[1]);
      const right = asked[1] ?? all.find((page) => page !== left);
      [this.selects[0].value, this.selects[1].value] = [left, right];
      this.show(left, right);
    }

    go() {
      location.hash = `#${this.selects[0].value}+${this.selects[1].value}`;
    }

    async show(left, right) {
      this.asked = `${left}+${right}`;
      const pages = [left, right];
      const facts = await Promise.all(pages.map((page) => load(page, ["../", "../../"])));
      if (this.asked !== `${left}+${right}`) return;
      const { words } = this.data;
      const missing = pages.filter((_, side) => !facts[side]);
      if (missing.length) {
        this.shown.replaceChildren(...missing.map((page) => element("p", { textContent: words.missing.replace("%s", this.names[page][1]) })));
        return;
      }
      const names = pages.map((page) => this.names[page][1]);
      this.shown.replaceChildren(this.more(pages), ...this.glance(pages, facts, names), ...this.fields(facts, names), ...this.concepts(pages, facts, names), ...this.modules(pages, facts, names));
    }

    more(pages) {
      const { ready, words } = this.data;
      const found = ready.find(([one, other]) => pages.includes(one) && pages.includes(other));
      if (found) return element("p", {}, element("a", { href: found[2], textContent: words.ready }));
      const families = pages.map((page) => page.replace("models/", ""));
      return element("p", {}, `${words.unready} `, element("code", { textContent: `hfreader compare ${families.join(" ")}` }));
    }

    table(heads, rows) {
      const cells = (row) => row.map((cell) => element("td", {}, ...(Array.isArray(cell) ? cell : [cell ?? "–"])));
      const table = element(
        "table",
        { className: "hf-table" },
        element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col", textContent: head })))),
        element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row)))),
      );
      return element("div", { className: "hf-scroll", tabIndex: 0 }, table);
    }

    link(page) {
      return element("a", { href: `../${page}.html`, textContent: this.names[page][1] });
    }

    glance(pages, facts, names) {
      const { words } = this.data;
      const number = (value) => (value === null ? words.unrun : value.toLocaleString("en-US"));
      const rows = [
        [words.year, ...pages.map((page) => String(this.names[page][2] ?? "–"))],
        [words.reads, ...pages.map((page) => this.names[page][3].join(", ") || "–")],
        [words.model, ...facts.map((one, side) => (one.model ? [element("a", { href: `../${pages[side]}.html#${one.model}`, textContent: one.model })] : words.unrun))],
        [words.weights, ...facts.map((one) => number(one.weights))],
        [words.flops, ...facts.map((one) => number(one.flops))],
      ];
      const head = this.table(["", ...names], rows);
      head.querySelectorAll("th").forEach((cell, side) => side && cell.replaceChildren(this.link(pages[side - 1])));
      return [element("h2", { textContent: words.glance }), head];
    }

    fields(facts, names) {
      const { words } = this.data;
      const all = [...new Set(facts.flatMap((one) => Object.keys(one.fields)))];
      const rows = all.map((name) => [name, ...facts.map(({ fields }) => (name in fields ? String(fields[name]) : null))]);
      const same = rows.filter(([, one, other]) => one === other);
      const differ = rows.filter(([, one, other]) => one !== other);
      differ.sort((one, other) => one.includes(null) - other.includes(null));
      return [
        element("h2", { textContent: words.fields }),
        this.table(["", ...names], differ),
        element("details", {}, element("summary", { textContent: `${words.same} (${same.length})` }), this.table(["", ""], same.map((row) => row.slice(0, 2)))),
      ];
    }

    concepts(pages, facts, names) {
      const { words, concepts } = this.data;
      const slugs = Object.keys(concepts).filter((slug) => facts.some((one) => slug in one.concepts));
      const signs = { proven: " ✓", disproven: " ✗", matched: " ≈", role: "" };
      const classes = (slug, side) =>
        Object.entries(facts[side].concepts[slug] ?? {}).flatMap(([name, state], number) => [
          number ? ", " : "",
          element("a", { href: `../${pages[side]}.html#${name}`, textContent: name }),
          signs[state] ?? "",
        ]);
      const rows = slugs.map((slug) => {
        const sides = [0, 1].filter((side) => slug in facts[side].concepts);
        const where = sides.length === 2 ? words.both : words.only.replace("%s", names[sides[0]]);
        const [name, home] = concepts[slug];
        return { order: sides.length === 2 ? 2 : sides[0], row: [[element("a", { href: home, textContent: name })], where, classes(slug, 0), classes(slug, 1)] };
      });
      rows.sort((one, other) => one.order - other.order);
      return [element("h2", { textContent: words.concepts }), this.table(["", "", ...names], rows.map(({ row }) => row))];
    }

    modules(pages, facts, names) {
      const { words } = this.data;
      const side = (one, number) => {
        const rows = one.rows.map(([depth, name, kind, gives, weights, repeats]) => {
          const cell = element("td", {}, element("code", { textContent: name || names[number] }), repeats > 1 ? ` ×${repeats}` : "");
          cell.style.paddingLeft = `${depth}em`;
          return element("tr", {}, cell, element("td", { textContent: kind }), element("td", {}, element("code", { textContent: gives })), element("td", { className: "hf-number", textContent: weights ? weights.toLocaleString("en-US") : "" }));
        });
        const table = element("table", { className: "hf-table hf-modules" }, element("caption", { textContent: names[number] }), element("tbody", {}, ...rows));
        return element("div", { className: "hf-scroll", tabIndex: 0 }, table);
      };
      return [element("h2", { textContent: words.modules }), element("div", { className: "hf-two" }, ...facts.map(side))];
    }
  }

  const start = () => document.querySelectorAll("script.hf-choose").forEach((script) => new Choice(script));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
