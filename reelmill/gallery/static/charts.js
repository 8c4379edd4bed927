// What the money went to, and what came of it: bars, each beside its own words and amounts, so that no bar says anything alone.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, svg, find, usd, words } = app;
  const MOST = 5;
  const OURS = ["Status", "Platform"]; // whose names are words of ours; the others are the shop's own

  const shortened = (rows) => {
    const sorted = [...rows].sort((a, b) => Number(b[2]) - Number(a[2]) || b[1] - a[1]);
    if (sorted.length <= MOST) return sorted;
    const rest = sorted.slice(MOST - 1);
    const sum = (at) => rest.reduce((total, row) => total + Number(row[at]), 0);
    return [...sorted.slice(0, MOST - 1), [`${rest.length} others`, sum(1), sum(2), sum(3), true]];
  };

  const named = (title, name) => (title === "Category" ? name.split(" > ").at(-1) : OURS.includes(title) ? words(name) : name) || "none";

  const chart = ([title, rows]) => {
    const shown = shortened(rows);
    const most = Math.max(...rows.map((row) => Number(row[2])), 0.000001); // others together may be more: a full bar
    return make("figure", { className: "chart" },
      make("figcaption", {}, title),
      make("ul", {}, ...shown.map(([name, attempts, amount, delivered, rest]) => make("li", {},
        make("span", { className: "chart-name", title: name }, named(title, name)),
        make("span", { className: "chart-amount" }, `${usd(amount)} `, make("small", {}, `${delivered} of ${attempts}`)),
        svg("svg", { class: "chart-bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { class: "chart-track", width: 100, height: 4 }),
          svg("rect", { class: rest ? "chart-rest" : "chart-fill", width: Math.min(100, (100 * Number(amount)) / most), height: 4 }))))));
  };

  app.drawCharts = () => {
    const spend = find("spend");
    find("charts").replaceChildren(...app.run.spend.filter(([, rows]) => rows.length).map(chart));
    spend.hidden = !app.run.spend.some(([, rows]) => rows.length);
    if (app.recall("reelmill-spend") === "closed") spend.open = false;
    spend.addEventListener("toggle", () => { app.keep("reelmill-spend", spend.open ? "open" : "closed"); app.layOut(); });
  };
})();
