// Review without a mouse. Keys do nothing while somebody types, or with a modifier held.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, find } = app;
  const KEYS = [
    [["j", "→"], "Next clip"], [["k", "←"], "Previous clip"], [["↓"], "Row below"], [["↑"], "Row above"],
    [["Home"], "First clip"], [["End"], "Last clip"],
    [["Enter"], "Open the clip; again: play"], [["v"], "Its next video: original, then each platform's"], [["a"], "Approve"], [["r"], "Reject, with a reason (1–8 choose one)"], [["m"], "Remake"],
    [["u"], "Undo"], [["x"], "Select"], [["Esc"], "Close, or clear the selection"], [["/"], "Search"], [["?"], "This help"],
  ];

  app.showHelp = () => {
    const form = make("form", { method: "dialog" }, make("h2", { id: "help-title" }, "Keys"),
      make("dl", { className: "keys" }, ...KEYS.flatMap(([keys, text]) => [make("dt", {}, ...keys.map((key) => make("kbd", {}, key))), make("dd", {}, text)])),
      make("p", {}, "With clips selected, a, r and m are about all of them. Shift-click selects a range."),
      make("div", { className: "dialog-tools" }, make("button", { type: "submit", className: "button" }, "Close")));
    app.dialog(form, "help-title");
  };

  const enter = () => {
    if (!app.current) { app.step(0); return; }
    const player = find("drawer").querySelector("video");
    if (player && !find("drawer").hidden) { if (player.paused) player.play().catch(() => {}); else player.pause(); }
    app.openDrawer(app.current);
  };

  const press = {
    j: () => app.step(1), k: () => app.step(-1), ArrowRight: () => app.step(1), ArrowLeft: () => app.step(-1),
    ArrowDown: () => app.stepRow(1), ArrowUp: () => app.stepRow(-1),
    Home: () => app.goTo(app.shown[0]), End: () => app.goTo(app.shown.at(-1)),
    a: () => app.act("approve"), r: () => app.act("reject"), m: () => app.act("remake"), u: () => app.undo(),
    x: () => { if (app.current) app.select(app.current); else app.step(0); },
    v: () => app.nextVersion(), Enter: enter, "/": () => find("search").focus(), "?": () => app.showHelp(),
    Escape: () => { if (!app.closeDrawer() && app.selected.size) app.clearSelection(); },
  };

  app.buildKeys = () => addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (at.matches?.("input, select, textarea")) { if (event.key === "Escape") at.blur(); return; }
    const act = press[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    const onCard = at === document.body || at.closest?.("#grid") !== null;
    if (event.key === "Enter" && !onCard) return; // buttons, links and the video have a meaning of their own for it
    if (/^(Arrow|Home|End)/.test(event.key) && !onCard) return;
    event.preventDefault();
    if (event.repeat && "armu".includes(event.key.toLowerCase())) return; // a key held down decides once
    act();
  });
})();
