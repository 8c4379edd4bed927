// The page as a whole: what it says of the run, how far the review is, and the order in which everything begins.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, find, count, usd } = app;

  const head = () => {
    const { run } = app;
    document.title = `${run.id} · Reelmill gallery`;
    find("title").textContent = run.id;
    const day = run.started ? new Date(run.started).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" }) + " UTC" : "";
    const money = `${usd(run.spent)} of ${usd(run.planned)} planned${Number(run.reserved) ? `, ${usd(run.reserved)} reserved` : ""}`;
    find("facts").textContent = [run.status, count(app.total, "clip"), money, day].filter(Boolean).join(" · ");
    find("export").textContent = app.served ? "Saved in the ledger" : "Export decisions";
    find("export").disabled = app.served;
    find("export").addEventListener("click", app.exportDecisions);
    find("help").addEventListener("click", app.showHelp);
  };

  app.showProgress = () => {
    const tally = app.tally(), parts = [["approve", "approved"], ["reject", "rejected"], ["remake", "to remake"], ["open", "undecided"]];
    if (tally.unloaded) parts.push(["unloaded", "not loaded"]);
    find("meter").replaceChildren(...parts.filter(([name]) => tally[name]).map(([name]) => {
      const part = make("span", { className: name });
      part.style.flexGrow = tally[name];
      return part;
    }));
    const text = parts.map(([name, words]) => `${tally[name]} ${words}`).join(", ");
    find("meter").setAttribute("aria-label", `Review: ${text}`);
    find("progress").textContent = text;
    if (!app.served) find("export").textContent = app.mine.size ? `Export ${count(app.mine.size, "decision")}` : "Export decisions";
  };

  const theme = () => {
    const root = document.documentElement, button = find("theme"), dark = matchMedia("(prefers-color-scheme: dark)");
    const now = () => root.dataset.theme || (dark.matches ? "dark" : "light");
    const show = () => { const other = now() === "dark" ? "light" : "dark"; button.textContent = other === "dark" ? "Dark" : "Light"; button.setAttribute("aria-label", `Use the ${other} theme`); };
    button.addEventListener("click", () => { root.dataset.theme = now() === "dark" ? "light" : "dark"; app.keep("reelmill-theme", root.dataset.theme); show(); });
    dark.addEventListener("change", show);
    show();
  };

  const more = () => {
    const line = find("more");
    line.hidden = app.allLoaded();
    if (line.hidden) return;
    find("more-words").textContent = `${app.clips.length.toLocaleString("en-US")} of ${count(app.total, "clip")} are loaded, doubtful ones first. Filters look at these.`;
    find("more-button").textContent = "Load more";
  };

  const load = async () => {
    try { await app.loadMore(); } catch (error) { app.warn(`${error.message}. Is the folder whole?`); }
    app.refreshChoices();
    app.showProgress();
    more();
    app.filter();
  };

  /** Say what is wrong where the page would be. */
  const giveUp = (text) => {
    find("app").hidden = true;
    find("fallback").hidden = false;
    find("fallback").prepend(`${text} `);
  };

  const begin = async () => {
    if (!window.reelmillData) throw new Error("data.js could not be read.");
    if (!window.reelmillDecisions) throw new Error("decisions.js could not be read.");
    find("app").hidden = false;
    find("fallback").hidden = true;
    head();
    theme();
    app.loadDecisions();
    app.buildFilters();
    app.buildGrid();
    app.buildBulk();
    app.buildKeys();
    app.drawCharts();
    find("more-button").addEventListener("click", load);
    await load();
    document.documentElement.dataset.ready = "true";
  };
  begin().catch((error) => giveUp(error.message));
})();
