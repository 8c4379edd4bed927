// The clips in justified rows, each in its own aspect ratio. Only rows near the window are in the document.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, find, usd, words } = app;
  const HEIGHT = 280, GAP = 14, FOOT = 66, AHEAD = 900; // pixels
  const RATIOS = { "9:16": 9 / 16, "16:9": 16 / 9, "1:1": 1, "4:5": 4 / 5 };
  const grid = find("grid");
  const nodes = new Map(); // clip id -> its card
  let rows = []; // { top, height, cells: [{ clip, left, width }] }
  let queued = false;

  app.selected = new Set();
  app.current = null; // the clip that keys act on
  let anchor = null; // where a range that is selected with Shift begins

  const ratio = (clip) => RATIOS[clip.ratio] || 1;

  /** Rows that fill the width; the last one keeps its height. */
  const arrange = (clips, width) => {
    const found = [];
    let row = [], sum = 0, top = 0;
    const close = (height) => {
      let left = 0;
      const cells = row.map((clip) => {
        const cell = { clip, left, width: height * ratio(clip) };
        left += cell.width + GAP;
        return cell;
      });
      found.push({ top, height, cells });
      top += height + FOOT + GAP;
      row = [];
      sum = 0;
    };
    const filled = () => (width - GAP * (row.length - 1)) / sum; // the height at which the row is as wide as the grid
    for (const clip of clips) {
      const before = row.length ? filled() : Infinity;
      row.push(clip);
      sum += ratio(clip);
      if (filled() > HEIGHT) continue;
      if (before < HEIGHT * 1.6 && before / HEIGHT < HEIGHT / filled()) { // without this clip it looks better
        row.pop();
        sum -= ratio(clip);
        close(before);
        row.push(clip);
        sum = ratio(clip);
        if (filled() > HEIGHT) continue;
      }
      close(filled());
    }
    if (row.length) close(Math.min(HEIGHT, (width - GAP * (row.length - 1)) / sum));
    return { found, height: top };
  };

  /** Place the clips anew. ``afresh``: they are others, or in another order. */
  app.layOut = ({ afresh = false } = {}) => {
    const focused = grid.contains(document.activeElement) && document.activeElement !== grid;
    const { found, height } = arrange(app.shown, Math.max(grid.clientWidth, 200));
    rows = found;
    app.shown.forEach((clip, at) => { clip.at = at; });
    grid.style.height = `${height}px`;
    if (afresh) {
      for (const node of nodes.values()) node.remove();
      nodes.clear();
      app.stopPlaying();
      if (app.current && app.shown[app.current.at] !== app.current) app.current = null;
    }
    draw();
    if (focused && afresh) (nodes.get(app.current?.id) || grid).focus({ preventScroll: true });
  };

  const draw = () => {
    queued = false;
    const above = grid.getBoundingClientRect().top;
    const from = -above - AHEAD, to = -above + innerHeight + AHEAD;
    const near = new Set();
    for (const row of rows) {
      if (row.top + row.height + FOOT < from) continue;
      if (row.top > to) break;
      for (const cell of row.cells) near.add(place(cell, row));
    }
    for (const [id, node] of nodes) {
      if (near.has(node) || node === document.activeElement) continue; // focus is never taken away by scrolling
      node.remove();
      nodes.delete(id);
    }
    const first = app.current && nodes.has(app.current.id) ? app.current : rows[0]?.cells[0].clip;
    for (const [id, node] of nodes) node.tabIndex = first && id === first.id ? 0 : -1;
    if (first && !nodes.has(first.id)) [...nodes.values()][0]?.setAttribute("tabindex", "0");
  };

  const place = ({ clip, left, width }, row) => {
    let node = nodes.get(clip.id);
    if (!node) {
      node = card(clip);
      nodes.set(clip.id, node);
      const next = [...nodes.values()].filter((other) => other !== node && other.clip.at > clip.at)
        .sort((a, b) => a.clip.at - b.clip.at)[0];
      grid.insertBefore(node, next || null); // the order of reading is that of the eyes
    }
    node.style.transform = `translate(${Math.round(left)}px, ${Math.round(row.top)}px)`;
    node.style.width = `${Math.round(width)}px`;
    node.firstElementChild.style.height = `${Math.round(row.height)}px`;
    return node;
  };

  const card = (clip) => {
    const frame = make("div", { className: "frame" });
    const poster = app.address(clip.poster);
    if (poster) {
      const image = make("img", { src: poster, alt: "", decoding: "async", draggable: false });
      image.addEventListener("error", () => image.replaceWith(nothing("The poster cannot be shown.")), { once: true });
      frame.append(image);
    } else frame.append(nothing(clip.removed ? "Removed" : clip.delivered ? "No poster" : words(clip.state), clip.error));
    if (clip.draft) frame.append(make("span", { className: "draft" }, "Draft"));
    frame.append(make("span", { className: "verdict" }), make("span", { className: "tick", attrs: { "aria-hidden": "true" } }));
    const node = make("div", { className: "card", id: `clip-${clip.id}`, attrs: { role: "option" } }, frame,
      make("div", { className: "foot" },
        make("div", { className: "foot-line" }, make("strong", {}, clip.sku), make("span", { className: "ratio" }, clip.scene ? `${clip.scene} · ${clip.ratio}` : clip.ratio)),
        make("div", { className: "foot-title" }, clip.title),
        make("div", { className: "foot-line" }, make("span", { className: "decided" }), make("span", { className: "cost" }, usd(clip.cost)))));
    node.clip = clip;
    show(node);
    return node;
  };

  const nothing = (title, detail = "") =>
    make("div", { className: "nothing" }, make("strong", {}, title), detail && make("span", {}, detail));

  const DECIDED = { approve: "Approved", reject: "Rejected", remake: "Remake", "": "" };

  /** Bring a card up to date with what is decided and selected. */
  const show = (node) => {
    const { clip } = node, decision = app.decisionOf(clip), chosen = app.selected.has(clip.id);
    const verdict = node.querySelector(".verdict");
    const looked = clip.delivered && ["fail", "review"].includes(clip.inspection) ? clip.inspection : "";
    verdict.textContent = looked === "fail" ? "Fail" : looked === "review" ? "Review" : "";
    verdict.className = `verdict ${looked}`;
    node.querySelector(".decided").textContent = DECIDED[decision] || (clip.delivered ? "" : words(clip.state));
    node.dataset.decision = decision;
    node.setAttribute("aria-selected", String(chosen));
    node.classList.toggle("current", clip === app.current);
    node.setAttribute("aria-posinset", clip.at + 1);
    node.setAttribute("aria-setsize", app.shown.length);
    node.setAttribute("aria-label", [clip.sku, clip.ratio, clip.scene && `scene ${clip.scene}`, clip.title, clip.draft && "draft", words(clip.state), looked && `inspection: ${looked}`,
      usd(clip.cost), DECIDED[decision] || (clip.delivered && "undecided")].filter(Boolean).join(", "));
  };

  app.refresh = (ids) => { for (const id of ids) if (nodes.has(id)) show(nodes.get(id)); };

  const rowOf = (clip) => rows.find((row) => row.cells.some((cell) => cell.clip === clip));

  /** Make a clip the current one: scrolled into view and focused. */
  app.goTo = (clip, { focus = true } = {}) => {
    if (!clip) return;
    const before = app.current;
    app.current = anchor = clip;
    const row = rowOf(clip), bar = find("bar").getBoundingClientRect();
    if (row) {
      const top = grid.getBoundingClientRect().top + row.top, bottom = top + row.height + FOOT;
      if (top < bar.bottom + 8) scrollBy({ top: top - bar.bottom - 12, behavior: "instant" });
      else if (bottom > innerHeight - 70) scrollBy({ top: bottom - innerHeight + 80, behavior: "instant" });
    }
    draw();
    app.refresh([before?.id, clip.id].filter(Boolean));
    if (focus) nodes.get(clip.id)?.focus({ preventScroll: true });
    app.drawerFollows(clip);
  };

  app.step = (by) => {
    const at = app.current ? app.current.at + by : 0;
    app.goTo(app.shown[Math.max(0, Math.min(at, app.shown.length - 1))]);
  };

  /** To the clip in the row above or below that is nearest. */
  app.stepRow = (by) => {
    const row = app.current && rowOf(app.current);
    if (!row) return app.step(0);
    const here = row.cells.find((cell) => cell.clip === app.current);
    const middle = here.left + here.width / 2, next = rows[rows.indexOf(row) + by];
    if (!next) return undefined;
    const off = (cell) => Math.abs(cell.left + cell.width / 2 - middle);
    return app.goTo(next.cells.reduce((best, cell) => (off(cell) < off(best) ? cell : best)).clip);
  };

  app.select = (clip, chosen = !app.selected.has(clip.id)) => {
    if (!clip.delivered) return;
    if (chosen) app.selected.add(clip.id); else app.selected.delete(clip.id);
    app.refresh([clip.id]);
    app.showBulk();
  };

  app.buildGrid = () => {
    const cardOf = (event) => event.target.closest?.(".card");
    grid.addEventListener("click", (event) => {
      const node = cardOf(event);
      if (!node) return;
      if (event.target.closest(".tick") || event.ctrlKey || event.metaKey) { app.select(node.clip); app.goTo(node.clip); return; }
      if (event.shiftKey && anchor && app.shown[anchor.at] === anchor) {
        const [from, to] = [anchor.at, node.clip.at].sort((a, b) => a - b);
        for (const clip of app.shown.slice(from, to + 1)) app.select(clip, true);
        return;
      }
      app.goTo(node.clip);
      app.openDrawer(node.clip);
    });
    grid.addEventListener("pointerover", (event) => {
      const node = cardOf(event);
      if (node && !node.contains(event.relatedTarget)) app.playSoon(node.clip, node.firstElementChild);
    });
    grid.addEventListener("pointerout", (event) => {
      const node = cardOf(event);
      if (node && !node.contains(event.relatedTarget)) app.stopPlaying();
    });
    grid.addEventListener("focusin", (event) => {
      const node = cardOf(event);
      if (!node) return;
      const before = app.current;
      app.current = node.clip;
      app.refresh([before?.id, node.clip.id].filter(Boolean));
      app.drawerFollows(node.clip);
      if (node.matches(":focus-visible")) app.playSoon(node.clip, node.firstElementChild);
    });
    grid.addEventListener("focusout", () => app.stopPlaying());
    addEventListener("scroll", () => { if (!queued) { queued = true; requestAnimationFrame(draw); } }, { passive: true });
    new ResizeObserver(() => { if (grid.clientWidth !== grid.lastWidth) { grid.lastWidth = grid.clientWidth; app.layOut(); } }).observe(grid);
  };
})();
