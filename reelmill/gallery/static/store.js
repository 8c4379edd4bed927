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

  /** Read the next clips, doubtful ones first over the whole run. */
  app.loadMore = async () => {
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

  /** The ledger's decisions, and over them those made here since. */
  app.loadDecisions = () => {
    for (const row of window.reelmillDecisions) app.decisions.set(row.intent_id, row);
    if (app.served) return;
    let kept = [];
    try { kept = JSON.parse(app.recall(KEY) || "[]"); } catch { kept = []; }
    for (const row of Array.isArray(kept) ? kept.filter(valid) : []) {
      const known = app.decisions.get(row.intent_id);
      if (known && (known.review_id === row.review_id || known.decided_at > row.decided_at)) continue;
      app.decisions.set(row.intent_id, row);
      app.mine.set(row.intent_id, row);
    }
  };

  app.keepMine = () => {
    if (!app.keep(KEY, JSON.stringify([...app.mine.values()])))
      app.warn("This browser keeps nothing for this page: export your decisions before you close it.");
  };

  /** approve, reject, remake, or "" where nothing is decided. */
  app.decisionOf = (clip) => {
    const row = app.decisions.get(clip.id);
    return row && row.decision !== "undo" ? row.decision : "";
  };

  app.tally = () => {
    const found = { approve: 0, reject: 0, remake: 0, open: 0, deliverable: 0 };
    for (const clip of app.clips) {
      if (!clip.delivered) continue;
      found.deliverable += 1;
      found[app.decisionOf(clip) || "open"] += 1;
    }
    return found;
  };
})();
