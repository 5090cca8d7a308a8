// Other sizes on a page: shapes and costs worked out again from their expressions. Every page reads without this file.
(() => {
  const FIRST = ["B", "T", "T_past", "S", "layers", "hidden", "heads", "kv_heads", "head_dim", "intermediate"];
  const LENGTHS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192, 16384, 32768];
  const FACTORS = [1 / 16, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 5 / 4, 4 / 3, 3 / 2, 2, 5 / 2, 3, 4, 6, 8, 16];
  const UNKNOWN = "?";
  const ROUNDED = { ceil: Math.ceil, floor: Math.floor };

  // An expression as a function of the sizes; null where it is none. sum > product > power > number, name, (sum)
  const compiled = new Map();
  const compile = (text) => {
    if (!compiled.has(text)) compiled.set(text, parse(text));
    return compiled.get(text);
  };
  const parse = (text) => {
    const tokens = text.match(/\*\*|[-+*\/()]|\d+|[A-Za-z_][\w.]*(?:\[\d+\])?|\S/g) ?? [];
    let at = 0;
    const chain = (inner, operations) => () => {
      let left = inner();
      while (tokens[at] in operations) {
        const [apply, one] = [operations[tokens[at++]], left];
        const other = inner();
        left = (sizes) => apply(one(sizes), other(sizes));
      }
      return left;
    };
    const atom = () => {
      const token = tokens[at++] ?? "";
      if (token === "(") {
        const inner = sum();
        if (tokens[at++] !== ")") throw SyntaxError(text);
        return inner;
      }
      if (token in ROUNDED && tokens[at] === "(") {
        const inner = atom();
        return (sizes) => ROUNDED[token](inner(sizes));
      }
      if (/^\d+$/.test(token)) return () => Number(token);
      if (!/^[A-Za-z_]/.test(token)) throw SyntaxError(text);
      return (sizes) => sizes[token];
    };
    const power = chain(atom, { "**": (one, other) => one ** other });
    const times = chain(power, { "*": (one, other) => one * other, "/": (one, other) => one / other });
    const sum = chain(times, { "+": (one, other) => one + other, "-": (one, other) => one - other });
    try {
      const whole = sum();
      return at === tokens.length ? whole : null;
    } catch {
      return null;
    }
  };
  // A whole number above or equal to zero, else null.
  const evaluate = (text, sizes) => {
    const value = text === null ? NaN : (compile(text)?.(sizes) ?? NaN);
    return Number.isInteger(value) && value >= 0 ? value : null;
  };

  // A text with its tuples of sizes in numbers; null where it has none, or a size is not known.
  const inNumbers = (text, sizes) => {
    let made = "", from = 0, found = false;
    for (let start = text.indexOf("("); start >= 0; start = text.indexOf("(", from)) {
      let depth = 0, end = start;
      const cuts = [];
      for (; end < text.length; end++) {
        if (text[end] === "(") depth++;
        if (text[end] === ")" && --depth === 0) break;
        if (text[end] === "," && depth === 1) cuts.push(end);
      }
      const parts = [];
      for (const cut of [...cuts, end]) {
        const part = text.slice(parts.length ? parts.at(-1).end + 1 : start + 1, cut).trim();
        parts.push({ part, end: cut });
      }
      const values = parts.filter(({ part }) => part !== "").map(({ part }) => evaluate(part, sizes));
      if (values.includes(null)) return null;
      made += text.slice(from, start) + (values.length === 1 ? `(${values[0]},)` : `(${values.join(", ")})`);
      from = end + 1;
      found = true;
    }
    return found ? made + text.slice(from) : null;
  };

  const commas = (value) => (value === null ? UNKNOWN : value.toLocaleString("en-US"));
  const short = (value, unit = "") => {
    if (value === null) return UNKNOWN;
    const step = unit ? 1024 : 1000;
    const names = unit ? ["B", "KiB", "MiB", "GiB", "TiB"] : ["", " K", " M", " G", " T", " P"];
    let level = 0;
    for (; value >= step && level < names.length - 1; level++) value /= step;
    return `${level ? value.toPrecision(3) : value} ${names[level].trim()}`.trim();
  };
  const gcd = (one, other) => (other ? gcd(other, one % other) : one);
  const element = (tag, attributes = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  };

  class WhatIf {
    constructor(script) {
      this.data = JSON.parse(script.textContent);
      this.page = script.closest(".hf-page");
      this.ran = Object.fromEntries(this.data.sizes.map(([name, , value]) => [name, value]));
      this.chosen = { ...this.ran };
      this.rows = [...this.page.querySelectorAll(".hf-modules tbody tr")];
      this.before = new Map();
      this.build(script);
    }

    // The sizes as chosen, with those that follow from them.
    get sizes() {
      const all = { ...this.chosen };
      for (const [name, text] of Object.entries(this.data.derived)) all[name] = evaluate(text, all) ?? NaN;
      return all;
    }

    build(script) {
      const place = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
      const sorted = [...this.data.sizes].sort((one, other) => place(one[0]) - place(other[0]));
      const { words } = this.data;
      this.inputs = {};
      const grid = element("div", { className: "hf-sizes-grid" }, ...sorted.map((size) => this.row(...size)));
      this.totals = element("p", { className: "hf-totals" });
      this.totals.setAttribute("aria-live", "polite");
      this.command = element("code");
      const reset = element("button", { type: "button", className: "hf-reset", textContent: words.reset });
      reset.addEventListener("click", () => this.choose(this.ran));
      const pin = element("input", { type: "checkbox" });
      this.alone = element("small");
      const check = element("p", { className: "hf-check" }, `${words.check} `, this.command, this.alone);
      this.panel = element(
        "section",
        { className: "hf-sizes", id: "what-if" },
        element("h3", { textContent: words.title }),
        element("p", { className: "hf-help", textContent: words.intro }),
        grid,
        this.totals,
        element("p", {}, reset, element("label", {}, pin, ` ${words.pin}`)),
        check,
      );
      pin.addEventListener("change", () => this.panel.classList.toggle("hf-pinned", pin.checked));
      // A child of the page itself, so that it can stay in sight to its end.
      script.before(this.panel);
      this.show();
    }

    row(name, meaning, value, isField) {
      const steps = this.steps(name, value, isField);
      const range = element("input", { type: "range", min: 0, max: steps.length - 1, value: steps.indexOf(value) });
      const number = element("input", { type: "number", min: 1, value });
      range.setAttribute("aria-label", name);
      number.setAttribute("aria-label", name);
      range.addEventListener("input", () => this.choose({ ...this.chosen, [name]: steps[range.value] }));
      number.addEventListener("change", () => {
        this.choose({ ...this.chosen, [name]: Math.max(1, Math.round(Number(number.value)) || value) });
      });
      this.inputs[name] = { range, number, steps };
      return element("div", { title: meaning }, element("code", { textContent: name }), range, number);
    }

    steps(name, value, isField) {
      const most = this.ran[this.data.most[name]] ?? Infinity;
      const some = isField ? FACTORS.map((factor) => Math.round(factor * value)) : LENGTHS;
      return [...new Set([...some, value])].filter((step) => step >= 1 && step <= most).sort((one, other) => one - other);
    }

    // What must hold between sizes holds for those chosen.
    kept(sizes) {
      const all = { ...sizes };
      for (let round = 0; round < 4; round++) {
        for (const [name, texts] of Object.entries(this.data.multiples)) {
          const unit = texts.map((text) => evaluate(text, all) ?? 1).reduce((one, other) => (one * other) / gcd(one, other), 1);
          if (all[name] % unit) all[name] = Math.max(1, Math.round(all[name] / unit)) * unit;
        }
        for (const [name, whole] of Object.entries(this.data.divisors)) while (all[whole] % all[name]) all[name] -= 1;
        for (const [name, limit] of Object.entries(this.data.most)) all[name] = Math.min(all[name], all[limit]);
      }
      return all;
    }

    choose(sizes) {
      this.chosen = this.kept(sizes);
      this.show();
    }

    get changed() {
      return Object.keys(this.ran).filter((name) => this.chosen[name] !== this.ran[name]);
    }

    show() {
      const { sizes } = this;
      for (const [name, { range, number, steps }] of Object.entries(this.inputs)) {
        const near = steps.findLastIndex((step) => step <= this.chosen[name]);
        range.value = Math.max(near, 0);
        range.setAttribute("aria-valuetext", this.chosen[name]);
        number.value = this.chosen[name];
      }
      const totals = this.costs(sizes);
      const { words } = this.data;
      const held = this.data.cache.map(([times, bytes]) => [sizes[times] ?? times, evaluate(bytes, sizes)]);
      const cache = held.some(([, bytes]) => bytes === null) ? null : held.reduce((sum, [times, bytes]) => sum + times * bytes, 0);
      this.table(sizes, totals);
      const [weights, operations] = this.changed.length ? totals[0] : this.counted();
      const said = [`${words.parameters} ${short(weights)}`, `${words.flops} ${short(operations)}`];
      if (held.length) said.push(`${words.cache} ${short(cache, "B")}`);
      this.totals.textContent = said.join(" · ");
      this.command.textContent = this.commandLine();
      this.alone.textContent = this.untold.length ? ` ${words.alone} ${this.untold.join(", ")}` : "";
      this.hints(sizes);
    }

    // The sizes that no run can be told: the lengths beside that of the text; a second one is as long as the text there.
    get untold() {
      const { data, chosen, changed } = this;
      const told = data.tokens && changed.includes("T");
      const other = (name) => changed.includes(name) || (name === "S" && told);
      const lengths = data.sizes.filter(([name, , , isField]) => !isField && !(name === "T" && data.tokens));
      return lengths.map(([name]) => name).filter((name) => other(name) && !(name === "S" && told && chosen.S === chosen.T));
    }

    // A configuration can make one size of another unless it is told: those that may depend on what changed are said.
    commandLine() {
      const { data, ran, chosen, changed } = this;
      const fields = data.sizes.filter(([, , , isField]) => isField);
      const moved = fields.filter(([name]) => changed.includes(name)).map(([name]) => ran[name]);
      const said = ([name]) => moved.some((value) => value % ran[name] === 0 || ran[name] % value === 0);
      const words = [data.command];
      if (data.tokens && changed.includes("T")) words.push(`--tokens ${chosen.T}`);
      for (const [name, meaning] of fields.filter(said)) {
        words.push(...meaning.split(", ").map((field) => `--set ${field}=${chosen[name]}`));
      }
      return words.join(" ");
    }

    // What each row costs with all rows below it: weights and operations; null where it is not known, as the weights
    // are of a module that shares some with another.
    costs(sizes) {
      const totals = this.data.rows.map(([, , ...own]) => own.slice(0, 2).map((text) => (text === "" ? 0 : evaluate(text, sizes))));
      for (let number = totals.length - 1; number > 0; number--) {
        const [depth, times] = this.data.rows[number];
        let above = number - 1;
        while (this.data.rows[above][0] >= depth) above--;
        totals[number].forEach((cost, kind) => {
          const whole = totals[above][kind];
          totals[above][kind] = cost === null || whole === null ? null : whole + cost * (sizes[times] ?? times);
        });
      }
      return totals.map(([weights, operations], number) => [this.data.rows[number][5] ? null : weights, operations]);
    }

    // What the run itself counted, which is known also where no formula gives it.
    counted() {
      const [, ...texts] = this.before.get(this.rows[0]);
      return texts.slice(0, 2).map((text) => Number(text.replaceAll(",", "")));
    }

    table(sizes, totals) {
      this.rows.forEach((row, number) => {
        const [, times, , , known] = this.data.rows[number];
        const [name, , shapes, weights, operations] = row.cells;
        const repeats = name.querySelector(".hf-times");
        if (!this.before.has(row)) {
          this.before.set(row, [shapes.title, weights.textContent, operations.textContent, repeats?.textContent]);
        }
        shapes.querySelector("small")?.remove();
        if (!this.changed.length) {
          [shapes.title, weights.textContent, operations.textContent] = this.before.get(row);
          if (repeats) repeats.textContent = this.before.get(row)[3];
          return;
        }
        const numbers = known ? inNumbers(shapes.textContent, sizes) : null;
        shapes.title = numbers ?? this.data.words.unknown;
        shapes.append(element("small", { textContent: numbers ?? UNKNOWN }));
        weights.textContent = totals[number][0] === 0 ? "" : commas(totals[number][0]);
        operations.textContent = totals[number][1] === 0 ? "" : commas(totals[number][1]);
        if (repeats && typeof times === "string") repeats.textContent = `×${sizes[times]}`;
      });
    }

    hints(sizes) {
      for (const hint of this.page.querySelectorAll(".h")) {
        const { s: text, n: ran } = hint.dataset;
        if (!this.before.has(hint)) this.before.set(hint, { ran, title: hint.title });
        const before = this.before.get(hint);
        if (!this.changed.length) {
          if (before.ran === undefined) delete hint.dataset.n;
          else hint.dataset.n = before.ran;
          hint.title = before.title;
          continue;
        }
        const numbers = hint.classList.contains("hf-u") ? null : inNumbers(text, sizes);
        hint.dataset.n = numbers ?? text.replace(/(=|\().*$/, `$1${UNKNOWN}`);
        hint.title = numbers ? "" : this.data.words.unknown;
      }
    }
  }

  const start = () => document.querySelectorAll("script.hf-what-if").forEach((script) => new WhatIf(script));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
