// Deciding: one clip or many, undone again, sent to the server or kept for an export.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, find, count } = app;
  const REASONS = ["Product looks wrong", "Wrong colour or material", "Text or logo is garbled", "Hands or people look wrong",
    "Motion is unnatural", "Off brand", "Bad crop for the platform", "Technical fault"];
  const DONE = { approve: "Approved", reject: "Rejected", remake: "Marked to be remade", undo: "Undecided again" };
  const AT_ONCE = 500; // decisions of one request
  const past = []; // what can be undone: lists of { clip, before }

  let turn = Promise.resolve();
  /** One after the other: a key that is pressed while a decision is on its way is about what comes after it. */
  const inTurn = (work) => { turn = turn.then(work).catch((error) => app.warn(error.message)); return turn; };

  const newId = () => (crypto.randomUUID ? crypto.randomUUID()
    : Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""));

  const row = (clip, decision, reason) => ({ review_id: newId(), intent_id: clip.id, decision, reason,
    reviewer: app.reviewer, decided_at: new Date().toISOString() });

  const set = (clip, decided) => { if (decided) app.decisions.set(clip.id, decided); else app.decisions.delete(clip.id); };

  /** Show what is decided now about the clips of these ids. */
  app.showDecided = (ids) => {
    app.refresh(ids);
    app.showProgress();
    app.refreshChoices();
    app.drawerRefresh();
  };

  /** Record rows; those that are not kept are as they were before, and it is said why. The changes that were kept. */
  const record = async (changes, done) => {
    for (const change of changes) {
      set(change.clip, change.decided);
      if (!app.served) { app.mine.set(change.clip.id, change.decided); change.kept = true; }
    }
    app.showDecided(changes.map(({ clip }) => clip.id));
    if (!app.served) { app.keepMine(); return changes; }
    const problems = new Set();
    try {
      for (let start = 0; start < changes.length; start += AT_ONCE) {
        for (const problem of await send(changes.slice(start, start + AT_ONCE))) problems.add(problem);
      }
    } catch (error) { problems.add(error.message); }
    const kept = changes.filter((change) => change.kept), lost = changes.filter((change) => !change.kept);
    for (const { clip, shown } of lost) set(clip, shown);
    app.showDecided(changes.map(({ clip }) => clip.id));
    if (lost.length) app.warn(`${kept.length ? `${kept.length} ${done}, ${lost.length} not` : `Not ${done}`}: ${[...problems].join(" ")}`);
    return kept;
  };

  /** Send rows, and mark which are `kept` and which the ledger `refused`; why it did. Throws if there is no answer. */
  const send = async (changes) => {
    let answer;
    try {
      answer = await fetch("decisions", { method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ decisions: changes.map(({ decided, undoes }) => ({ ...decided, undoes })) }) });
    } catch { throw new Error("the server does not answer. Is `reelmill review` still running?"); }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.error || `the server says ${answer.status}.`);
    for (const { before, ...done } of told.recorded) {
      const change = changes.find(({ decided }) => decided.review_id === done.review_id);
      if (change) { Object.assign(change, { kept: true, before }); set(change.clip, done); }
    }
    for (const { row: number } of told.problems) changes[number - 1].refused = true;
    return told.problems.map(({ problem }) => problem);
  };

  const NEEDS_VIDEO = ["approve", "undo"];

  const nothingToDecide = (clips) => (clips.some((clip) => clip.delivered)
    ? "Its video was removed by retention: it can no more be approved or undecided." : "There is no video to decide about.");

  /** Decide about clips, of which some may be passed over; those that need no more to be done, null if nothing was kept. */
  const decide = async (clips, decision, reason = "") => {
    const about = clips.filter((clip) => clip.delivered && !(clip.removed && NEEDS_VIDEO.includes(decision)));
    if (!about.length) { app.warn(nothingToDecide(clips)); return null; }
    const changes = about.map((clip) => {
      const shown = app.decisions.get(clip.id);
      return { clip, shown, before: shown, decided: row(clip, decision, reason) };
    });
    const kept = await record(changes, "recorded");
    if (!kept.length) return null;
    past.push(kept.map(({ clip, before, decided }) => ({ clip, before, made: decided.review_id })));
    const { open, unloaded } = app.tally(), passed = clips.length - about.length;
    const what = kept.length === 1 ? `${kept[0].clip.sku} ${kept[0].clip.ratio}` : count(kept.length, "clip");
    app.say(`${DONE[decision]}: ${what}.${passed ? ` ${passed} without a video passed over.` : ""} ${open} undecided${unloaded ? `, ${unloaded} not loaded` : ""}.`);
    const lost = new Set(changes.filter((change) => !change.kept).map(({ clip }) => clip));
    return clips.filter((clip) => !lost.has(clip));
  };

  const undone = (clip, before) => (before && before.decision !== "undo" ? row(clip, before.decision, before.reason) : row(clip, "undo", ""));

  /** Take the last decision back, for all clips that it was about. Only what nobody answered can be tried again. */
  app.undo = () => inTurn(async () => {
    const last = past.pop();
    if (!last) { app.warn("Nothing to undo."); return; }
    const changes = last.map(({ clip, before, made }) =>
      ({ clip, shown: app.decisions.get(clip.id), undoes: made, restores: before?.review_id, decided: undone(clip, before) }));
    const kept = await record(changes, "undone");
    for (const { restores, decided } of kept) { // an older change is undone by the row that stands for it now
      for (const one of past.flat()) if (one.made === restores) one.made = decided.review_id;
    }
    const unanswered = last.filter((_, at) => !changes[at].kept && !changes[at].refused);
    if (unanswered.length) past.push(unanswered);
    if (!kept.length) return;
    const back = kept.find(({ clip }) => app.shown[clip.at] === clip);
    if (!back) { app.warn(`Undone: ${count(kept.length, "clip")}, hidden by the filters.`); return; }
    app.goTo(back.clip);
    app.say(`Undone: ${count(kept.length, "clip")}.`);
  });

  /** The clips that a key or a button is about: the selected ones, else the current one. */
  app.subjects = () => (app.selected.size ? app.clips.filter((clip) => app.selected.has(clip.id)) : app.current ? [app.current] : []);

  const moveOn = (clips) => {
    if (!clips) return;
    if (clips.some((clip) => app.selected.has(clip.id))) { app.clearSelection(clips.map((clip) => clip.id)); return; }
    if (app.current !== clips[0]) return; // somebody has gone elsewhere meanwhile
    const { at } = clips[0];
    if (app.shown[at] === clips[0] && at + 1 < app.shown.length) app.goTo(app.shown[at + 1]);
  };

  /** Decide about these clips or the subjects, then go to the next clip. A rejection asks why. */
  app.act = (decision, these) => inTurn(async () => {
    const clips = these ?? app.subjects();
    if (!clips.length) { app.step(0); return; }
    if (decision === "reject") { ask(clips); return; }
    moveOn(await decide(clips, decision));
  });

  const ask = (clips) => {
    if (!clips.some((clip) => clip.delivered)) { app.warn(nothingToDecide(clips)); return; }
    const other = make("input", { type: "text", maxLength: 500, id: "other-reason", placeholder: "In your own words" });
    const form = make("form", { method: "dialog" },
      make("h2", { id: "reject-title" }, clips.length === 1 ? `Reject ${clips[0].sku} ${clips[0].ratio}` : `Reject ${count(clips.length, "clip")}`),
      make("fieldset", { className: "reasons" }, make("legend", {}, "Why?"),
        ...REASONS.map((text, at) => make("label", {}, make("input", { type: "radio", name: "reason", value: text }),
          make("span", {}, text, make("kbd", { attrs: { "aria-hidden": "true" } }, String(at + 1)))))),
      make("label", { className: "field" }, make("span", {}, "Another reason, or details"), other),
      make("div", { className: "dialog-tools" },
        make("button", { type: "submit", value: "cancel", className: "button quiet", formNoValidate: true }, "Cancel"),
        make("button", { type: "submit", value: "reject", className: "button danger" }, "Reject")));
    const box = app.dialog(form, "reject-title");
    form.addEventListener("keydown", (event) => {
      const choice = form.elements.reason[Number(event.key) - 1];
      if (choice && event.target !== other) { choice.checked = true; choice.focus(); event.preventDefault(); }
      if (event.key === "Enter" && event.target.type === "radio") { event.preventDefault(); box.close("reject"); }
    });
    // Enter in a text field presses the first button of a form, which is to cancel.
    other.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); box.close("reject"); } });
    box.addEventListener("close", () => {
      if (box.returnValue !== "reject") return;
      const reason = [form.elements.reason.value, other.value.trim()].filter(Boolean).join(": ");
      inTurn(async () => moveOn(await decide(clips, "reject", reason)));
    });
    form.elements.reason[0].focus();
  };

  /** A modal dialog, which gives focus back and leaves nothing behind. */
  app.dialog = (content, title) => {
    const box = make("dialog", { className: "dialog", attrs: { "aria-labelledby": title } }, content);
    const back = document.activeElement;
    box.addEventListener("close", () => { box.remove(); back?.isConnected && back.focus({ preventScroll: true }); });
    let pressed = null; // a click that begins or ends inside is none on what lies behind
    box.addEventListener("pointerdown", (event) => { pressed = event.target; });
    box.addEventListener("click", (event) => { if (event.target === box && pressed === box) box.close(); });
    document.body.append(box);
    app.stopPlaying();
    box.showModal();
    return box;
  };

  app.clearSelection = (ids = [...app.selected]) => {
    for (const id of ids) app.selected.delete(id);
    app.refresh(ids);
    app.showBulk();
  };

  app.showBulk = () => {
    const bar = find("bulk"), chosen = app.selected.size;
    bar.hidden = !chosen;
    if (chosen) bar.querySelector("strong").textContent = `${chosen.toLocaleString("en-US")} selected`;
  };

  app.buildBulk = () => {
    const button = (text, key, kind, press) => {
      const node = make("button", { type: "button", className: `button ${kind}`, attrs: { "aria-keyshortcuts": key } }, text);
      node.addEventListener("click", press);
      return node;
    };
    find("bulk").append(make("strong", { attrs: { "aria-live": "polite" } }),
      button("Approve", "a", "good", () => app.act("approve")), button("Reject …", "r", "danger", () => app.act("reject")),
      button("Remake", "m", "", () => app.act("remake")),
      button("Undecide", "", "quiet", () => inTurn(async () => moveOn(await decide(app.subjects(), "undo")))),
      button("Clear selection", "Escape", "quiet", () => app.clearSelection()));
    find("select-all").addEventListener("click", () => {
      for (const clip of app.shown) if (clip.delivered) app.selected.add(clip.id);
      app.refresh(app.shown.map((clip) => clip.id));
      app.showBulk();
      app.say(`${count(app.selected.size, "clip")} selected.`);
    });
  };

  /** A file with the newest decision about each clip, made here and not in the ledger yet. */
  app.exportDecisions = () => {
    const name = make("input", { type: "text", maxLength: 100, id: "reviewer", value: app.reviewer, autocomplete: "name" });
    const form = make("form", { method: "dialog" }, make("h2", { id: "export-title" }, "Export decisions"),
      make("p", {}, `${count(app.mine.size, "decision")} of this browser ${app.mine.size === 1 ? "is" : "are"} not in the ledger yet. The file brings them there:`),
      make("pre", {}, `reelmill review ${app.run.id} --apply FILE`),
      make("label", { className: "field" }, make("span", {}, "Decided by"), name),
      make("div", { className: "dialog-tools" },
        make("button", { type: "submit", value: "cancel", className: "button quiet" }, "Cancel"),
        make("button", { type: "submit", value: "export", className: "button good", disabled: !app.mine.size }, "Save file")));
    const box = app.dialog(form, "export-title");
    name.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); box.close("export"); } });
    box.addEventListener("close", () => {
      if (box.returnValue !== "export" || !app.mine.size) return;
      app.reviewer = name.value.trim();
      app.keep("reelmill-reviewer", app.reviewer);
      const decisions = [...app.mine.values()].map((one) => ({ ...one, reviewer: app.reviewer || one.reviewer }));
      const told = { format: "reelmill-decisions", version: 1, run_id: app.run.id, decisions };
      const file = URL.createObjectURL(new Blob([JSON.stringify(told, null, 1)], { type: "application/json" }));
      make("a", { href: file, download: `decisions-${app.run.id}.json` }).click();
      setTimeout(() => URL.revokeObjectURL(file), 60000);
      app.say(`${count(decisions.length, "decision")} exported.`);
    });
    name.focus();
  };
})();
