// What the page knows: clips, decisions, and what was decided here and is not in the ledger yet.
"use strict";
(() => {
  const app = window.reelmill;
  const data = window.reelmillData;
  const AT_ONCE = 5; // pieces of 1,000 clips

  app.run = data.run;
  app.served = data.served;
  app.total = data.clips;
  app.clips = [];
  app.byId = new Map();
  app.decisions = new Map(); // intent -> the decision that counts
  app.mine = new Map(); // intent -> a decision of this page that is not exported into the ledger yet
  app.reviewer = app.recall("reelmill-reviewer") || "";

  const KEY = `reelmill-decisions-${data.run.output}-${data.run.id}`;
  let pieces = 0;

  const piece = (number) => new Promise((done, failed) => {
    const digits = String(number).padStart(4, "0");
    const script = document.createElement("script");
    script.src = `clips-${digits}.js`;
    script.onload = () => {
      const name = `reelmillClips${digits}`;
      done(window[name]);
      delete window[name];
    };
    script.onerror = () => failed(new Error(`clips-${digits}.js could not be read`));
    document.head.append(script);
  });

  let reading = null;
  /** Read the next clips, doubtful ones first over the whole run; asked again meanwhile, it is the same reading. */
  app.loadMore = () => (reading ??= readMore().finally(() => { reading = null; }));

  const readMore = async () => {
    const last = Math.min(pieces + AT_ONCE, data.pieces);
    while (pieces < last) {
      for (const clip of await piece(pieces + 1)) {
        clip.order = app.clips.length;
        clip.usd = Number(clip.cost);
        clip.text = [clip.sku, clip.title, clip.brand, clip.category, clip.campaign, clip.scene, clip.prompt, clip.error, clip.draft ? "draft" : ""]
          .join("\n").toLowerCase();
        app.clips.push(clip);
        app.byId.set(clip.id, clip);
      }
      pieces += 1;
    }
  };

  app.allLoaded = () => pieces >= data.pieces;

  const valid = (row) => row && typeof row === "object" && typeof row.intent_id === "string"
    && typeof row.review_id === "string" && typeof row.decided_at === "string"
    && ["approve", "reject", "remake", "undo"].includes(row.decision);

  /** Take over what this browser keeps for the run and is newer; the clips that it is about. */
  const takeKept = () => {
    let kept = [];
    try { kept = JSON.parse(app.recall(KEY) || "[]"); } catch { kept = []; }
    const newer = (Array.isArray(kept) ? kept.filter(valid) : []).filter((row) => {
      const known = app.decisions.get(row.intent_id);
      return !known || (known.review_id !== row.review_id && known.decided_at < row.decided_at);
    });
    for (const row of newer) {
      app.decisions.set(row.intent_id, row);
      app.mine.set(row.intent_id, row);
    }
    return newer.map((row) => row.intent_id);
  };

  /** The ledger's decisions, and over them those made in this browser since, in whichever of its tabs. */
  app.loadDecisions = () => {
    for (const row of window.reelmillDecisions) app.decisions.set(row.intent_id, row);
    if (app.served) return;
    takeKept();
    addEventListener("storage", (event) => { if (event.key === KEY) app.showDecided(takeKept()); });
  };

  app.keepMine = () => {
    const others = takeKept();
    if (others.length) app.showDecided(others);
    if (!app.keep(KEY, JSON.stringify([...app.mine.values()])))
      app.warn("This browser keeps nothing for this page: export your decisions before you close it.");
  };

  /** approve, reject, remake, or "" where nothing is decided. */
  app.decisionOf = (clip) => {
    const row = app.decisions.get(clip.id);
    return row && row.decision !== "undo" ? row.decision : "";
  };

  /** Whether the review of the run waits for a decision about the clip: of each, only the latest video that is there. */
  app.counts = (clip) => clip.delivered && !clip.replaced && !clip.removed;

  app.tally = () => {
    const found = { approve: 0, reject: 0, remake: 0, open: 0, unloaded: data.reviewable };
    for (const clip of app.clips) {
      if (!app.counts(clip)) continue;
      found.unloaded -= 1;
      found[app.decisionOf(clip) || "open"] += 1;
    }
    return found;
  };
})();
