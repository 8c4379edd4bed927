// Which clips are shown, and in which order.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, find, words } = app;

  const DECISIONS = { approve: "Approved", reject: "Rejected", remake: "To remake", open: "Undecided" };
  const SORTS = {
    doubt: ["Doubtful first", (a, b) => a.doubt - b.doubt || a.order - b.order],
    unlike: ["Least like the product", (a, b) => (a.likeness ?? 2) - (b.likeness ?? 2) || a.order - b.order],
    dear: ["Dearest first", (a, b) => b.usd - a.usd || a.order - b.order],
    cheap: ["Cheapest first", (a, b) => a.usd - b.usd || a.order - b.order],
    sku: ["SKU", (a, b) => a.sku.localeCompare(b.sku, "en", { numeric: true }) || a.ratio.localeCompare(b.ratio)],
  };
  const CHOICES = [
    ["category", "Category", (clip) => [clip.category]],
    ["platform", "Platform", (clip) => clip.platforms],
    ["state", "Status", (clip) => [clip.state]],
    ["inspection", "Inspection", (clip) => [clip.inspection || "none"]],
    ["finding", "Finding", (clip) => clip.findings.map((one) => one.code)],
    ["decision", "Decision", (clip) => [app.decisionOf(clip) || (app.counts(clip) ? "open" : "")]],
  ];
  const fields = {};

  app.shown = [];

  const labelled = (label, control, kind = "") =>
    make("label", { className: `field ${kind}` }, make("span", {}, label), control);

  app.buildFilters = () => {
    const bar = find("bar");
    fields.search = make("input", { type: "search", id: "search", placeholder: "SKU, title, prompt …",
      attrs: { "aria-keyshortcuts": "/" } });
    bar.append(labelled("Search", fields.search, "wide"));
    for (const [name, label] of CHOICES) {
      fields[name] = make("select", { id: `by-${name}` });
      bar.append(labelled(label, fields[name]));
    }
    const cost = (name, label) => {
      fields[name] = make("input", { type: "number", min: "0", step: "0.01", inputMode: "decimal",
        id: name, placeholder: label, attrs: { "aria-label": `${label} cost in USD` } });
      return fields[name];
    };
    bar.append(make("div", { className: "field cost", attrs: { role: "group", "aria-label": "Cost in USD" } },
      make("span", {}, "Cost, USD"), make("div", {}, cost("cost-from", "from"), cost("cost-to", "to"))));
    fields.sort = make("select", { id: "sort" }, ...Object.entries(SORTS).map(([value, [text]]) => make("option", { value }, text)));
    bar.append(labelled("Sort", fields.sort));
    app.refreshChoices();
    bar.addEventListener("submit", (event) => event.preventDefault());
    bar.addEventListener("input", () => app.filter());
    find("clear").addEventListener("click", () => {
      const { value } = fields.sort;
      bar.reset();
      fields.sort.value = value;
      app.filter();
      app.say("Filters cleared.");
    });
  };

  /** Offer the values that there are, with how many clips have each. */
  app.refreshChoices = () => {
    for (const [name, , values] of CHOICES) {
      const counts = new Map();
      for (const clip of app.clips) for (const value of new Set(values(clip))) counts.set(value, (counts.get(value) || 0) + 1);
      counts.delete("");
      const chosen = fields[name].value;
      const shown = name === "decision" ? Object.keys(DECISIONS) : [...counts.keys()].sort((a, b) => a.localeCompare(b));
      const text = (value) => (name === "decision" ? DECISIONS[value] : name === "category" ? value : words(value));
      fields[name].replaceChildren(make("option", { value: "" }, "All"),
        ...shown.map((value) => make("option", { value: `=${value}` }, `${text(value)} (${counts.get(value) || 0})`)));
      fields[name].value = chosen;
      if (fields[name].selectedIndex < 0) fields[name].value = "";
    }
  };

  const number = (field) => (field.value.trim() === "" || Number.isNaN(field.valueAsNumber) ? null : field.valueAsNumber);

  /** Apply the filters. What is shown stays as it is until they change, however much is decided meanwhile. */
  app.filter = () => {
    const asked = fields.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const from = number(fields["cost-from"]), to = number(fields["cost-to"]);
    const wanted = CHOICES.filter(([name]) => fields[name].value).map(([name, , values]) => [fields[name].value.slice(1), values]);
    app.shown = app.clips
      .filter((clip) => asked.every((word) => clip.text.includes(word))
        && wanted.every(([value, values]) => values(clip).includes(value))
        && (from === null || clip.usd >= from) && (to === null || clip.usd <= to))
      .sort(SORTS[fields.sort.value][1]);
    const active = asked.length || wanted.length || from !== null || to !== null;
    find("clear").hidden = !active;
    find("count").textContent = active
      ? `${app.shown.length.toLocaleString("en-US")} of ${app.count(app.clips.length, "clip")}` : app.count(app.clips.length, "clip");
    find("empty").hidden = app.shown.length > 0;
    app.layOut({ afresh: true });
  };
})();
