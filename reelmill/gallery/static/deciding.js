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

  const changed = (clips) => {
    app.refresh(clips.map((clip) => clip.id));
    app.showProgress();
    app.refreshChoices();
    app.drawerRefresh();
  };

  /** Record rows; on failure everything is as it was before. */
  const record = async (changes) => {
    for (const { clip, decided } of changes) {
      set(clip, decided);
      if (!app.served) app.mine.set(clip.id, decided);
    }
    changed(changes.map(({ clip }) => clip));
    if (!app.served) { app.keepMine(); return true; }
    try {
      for (let start = 0; start < changes.length; start += AT_ONCE) await send(changes.slice(start, start + AT_ONCE));
    } catch (error) {
      for (const { clip, before, kept } of changes) if (!kept) set(clip, before);
      changed(changes.map(({ clip }) => clip));
      app.warn(`Not recorded: ${error.message}`);
      return false;
    }
    return true;
  };

  const send = async (changes) => {
    let answer;
    try {
      answer = await fetch("decisions", { method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ decisions: changes.map(({ decided }) => decided) }) });
    } catch { throw new Error("the server does not answer. Is `reelmill review` still running?"); }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.error || `the server says ${answer.status}.`);
    for (const done of told.recorded) {
      const change = changes.find(({ decided }) => decided.review_id === done.review_id);
      if (change) { change.kept = true; set(change.clip, done); }
    }
    if (told.problems.length) throw new Error(told.problems.map((one) => one.problem).join(" "));
  };

  const undone = (clip, before) => (before && before.decision !== "undo" ? row(clip, before.decision, before.reason) : row(clip, "undo", ""));

  /** Decide about clips; those without a video are passed over. */
  const decide = async (clips, decision, reason = "") => {
    const about = clips.filter((clip) => clip.delivered);
    if (!about.length) { app.say("There is no video to decide about."); return false; }
    const changes = about.map((clip) => ({ clip, before: app.decisions.get(clip.id), decided: row(clip, decision, reason) }));
    if (!(await record(changes))) return false;
    past.push(changes.map(({ clip, before }) => ({ clip, before })));
    const tally = app.tally();
    const what = about.length === 1 ? `${about[0].sku} ${about[0].ratio}` : count(about.length, "clip");
    app.say(`${DONE[decision]}: ${what}. ${tally.open} undecided.`);
    return true;
  };

  /** Take the last decision back, for all clips that it was about. */
  app.undo = () => inTurn(async () => {
    const last = past.pop();
    if (!last) { app.say("Nothing to undo."); return; }
    const changes = last.map(({ clip, before }) => ({ clip, before: app.decisions.get(clip.id), decided: undone(clip, before) }));
    if (!(await record(changes))) { past.push(last); return; }
    app.goTo(last[0].clip);
    app.say(`Undone: ${count(last.length, "clip")}.`);
  });

  /** The clips that a key or a button is about: the selected ones, else the current one. */
  app.subjects = () => (app.selected.size ? app.clips.filter((clip) => app.selected.has(clip.id)) : app.current ? [app.current] : []);

  const moveOn = (clips) => {
    if (app.selected.size) { app.clearSelection(); return; }
    const at = clips[0].at;
    if (app.shown[at] === clips[0] && at + 1 < app.shown.length) app.goTo(app.shown[at + 1]);
  };

  /** Decide about the subjects, then go to the next clip. A rejection asks why. */
  app.act = (decision) => inTurn(async () => {
    const clips = app.subjects();
    if (!clips.length) { app.step(0); return; }
    if (decision === "reject") { ask(clips); return; }
    if (await decide(clips, decision)) moveOn(clips);
  });

  const ask = (clips) => {
    if (!clips.some((clip) => clip.delivered)) { app.say("There is no video to decide about."); return; }
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
      inTurn(async () => { if (await decide(clips, "reject", reason)) moveOn(clips); });
    });
    form.elements.reason[0].focus();
  };

  /** A modal dialog, which gives focus back and leaves nothing behind. */
  app.dialog = (content, title) => {
    const box = make("dialog", { className: "dialog", attrs: { "aria-labelledby": title } }, content);
    const back = document.activeElement;
    box.addEventListener("close", () => { box.remove(); back?.isConnected && back.focus({ preventScroll: true }); });
    box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
    document.body.append(box);
    app.stopPlaying();
    box.showModal();
    return box;
  };

  app.clearSelection = () => {
    const ids = [...app.selected];
    app.selected.clear();
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
      button("Undecide", "", "quiet", () => inTurn(async () => { if (await decide(app.subjects(), "undo")) app.clearSelection(); })),
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
