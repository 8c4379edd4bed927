// One clip in full: its video beside the product's picture, what was found at which second, and where it comes from.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, find, usd, words } = app;
  const drawer = find("drawer");
  const DECIDED = { approve: "Approved", reject: "Rejected", remake: "To be remade" };
  let open = null, video = null, players = []; // all of the drawer's; `video` is the clip's

  app.drawerPlays = () => players.some((player) => !player.paused);

  /** Only one plays at a time, and one that cannot says so. */
  const watched = (player) => {
    players.push(player);
    player.addEventListener("play", () => {
      app.stopPlaying();
      for (const other of players) if (other !== player) other.pause();
    });
    player.addEventListener("error", () => app.warn("This video cannot be played here."));
    return player;
  };

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

  const heading = (text, ...rest) => make("section", {}, make("h3", {}, text), ...rest);

  const media = (clip) => {
    const box = make("div", { className: "media", attrs: { "data-ratio": clip.ratio } });
    const poster = app.address(clip.poster), name = `${clip.sku} ${clip.ratio}`;
    const files = app.versionsOf(clip.videos, clip.renditions);
    let versions = "";
    video = null;
    if (files.length) {
      ({ video, group: versions } = app.playerOf(files, { name: `Video of ${name}`, poster, preload: "metadata", groupName: "Videos of this clip" }));
      box.append(watched(video));
    } else if (poster) box.append(make("img", { src: poster, alt: `Poster of ${name}` }));
    else box.append(make("p", { className: "nothing" }, clip.removed ? "Its videos were removed by retention. Cost and record stay." : clip.error || words(clip.state)));
    return make("div", { className: "column" }, make("h3", {}, "Clip"), box, versions);
  };

  const picture = (clip) => {
    const box = make("div", { className: "media product" });
    const link = app.address(clip.picture);
    const none = (text) => make("p", { className: "nothing" }, text);
    if (link) {
      const image = make("img", { alt: `Picture of ${clip.title || clip.sku} in the feed`, loading: "lazy", decoding: "async", referrerPolicy: "no-referrer" });
      image.addEventListener("error", () => image.replaceWith(none("The feed's picture cannot be reached from here.")), { once: true });
      image.src = link;
      box.append(image);
    } else box.append(none("No picture of the product is known."));
    return make("div", { className: "column" }, make("h3", {}, "Product"), box);
  };

  const seek = async (seconds) => {
    if (!video) return;
    if (video.readyState < 1) {
      await new Promise((done) => { video.addEventListener("loadedmetadata", done, { once: true }); video.load(); });
    }
    video.currentTime = seconds;
    video.focus();
  };

  const findings = (clip) => {
    const rows = clip.findings.map((one) => {
      const row = make("li", {});
      if (typeof one.at === "number") {
        const jump = make("button", { type: "button", className: "time", attrs: { "aria-label": `Go to second ${one.at}` } }, clock(one.at));
        jump.addEventListener("click", () => seek(one.at));
        row.append(jump);
      } else row.append(make("span", { className: "time none" }, "–"));
      row.append(make("span", {}, make("strong", {}, words(one.code)), ` ${one.message}`));
      return row;
    });
    const verdict = make("span", { className: `verdict inline ${clip.inspection}` }, clip.inspection || "not looked at");
    const like = typeof clip.likeness === "number" ? ` Colours like the product's picture: ${Math.round(100 * clip.likeness)} %.` : "";
    return heading("Inspection", make("p", {}, verdict, rows.length ? "" : " Nothing was found.", like), rows.length ? make("ul", { className: "findings" }, ...rows) : null);
  };

  /** Of attempts at one clip, that whose video counts, else the latest. */
  const bestOf = (attempts) => attempts.find(({ delivered, replaced }) => delivered && !replaced)
    ?? attempts.reduce((latest, one) => (latest && latest.attempt > one.attempt ? latest : one), undefined);

  /** The film that the clip is a scene of: its video, if it was stitched, and its scenes; those of this run open. */
  const film = (clip) => {
    if (!clip.film) return "";
    const poster = app.address(clip.film.poster), name = `film of ${clip.sku} ${clip.ratio}`;
    const files = app.versionsOf([clip.film.video], clip.film.renditions);
    let player = make("p", { className: "nothing" }, "It waits for a scene."), versions = "";
    if (files.length) {
      ({ video: player, group: versions } = app.playerOf(files, { name: `Video of ${name}`, poster, preload: "none", groupName: "Videos of this film" }));
      watched(player);
    } else if (poster) player = make("img", { src: poster, alt: `Poster of ${name}` });
    const scenes = clip.film.scenes.map((scene) => {
      const other = bestOf(app.clips.filter((one) => one.clip === scene.clip));
      const node = make("button", { type: "button", className: "button quiet", disabled: !other, attrs: { "aria-pressed": String(scene.clip === clip.clip) } }, scene.name);
      node.addEventListener("click", () => { app.current = other; app.openDrawer(other); });
      return node;
    });
    return heading(`${clip.film.draft ? "Draft of a film" : "Film"}, ${clip.film.seconds} s`, make("div", { className: "media", attrs: { "data-ratio": clip.ratio } }, player), versions,
      make("div", { className: "samples", attrs: { role: "group", "aria-label": "Scenes of this film" } }, ...scenes));
  };

  const pairs = (rows) => make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));

  const decision = (clip) => {
    const box = make("section", { className: "decide", id: "decide", attrs: { "aria-label": "Decision" } });
    if (!clip.delivered) return make("section", {}, make("p", { className: "problem" }, clip.error || `This attempt is ${words(clip.state)}: there is no video.`));
    const row = app.decisions.get(clip.id), now = app.decisionOf(clip);
    const button = (value, text, key, kind) => {
      const node = make("button", { type: "button", className: `button ${kind}`, attrs: { "aria-pressed": String(now === value), "aria-keyshortcuts": key } }, text, make("kbd", { attrs: { "aria-hidden": "true" } }, key));
      node.addEventListener("click", () => { app.clearSelection(); app.current = clip; app.act(value, [clip]); });
      node.disabled = value === "approve" && Boolean(clip.removed);
      return node;
    };
    if (clip.removed) box.append(make("p", { className: "problem" }, "Removed by retention: it can no more be approved."));
    box.append(make("div", { className: "decide-buttons" }, button("approve", "Approve", "a", "good"), button("reject", "Reject", "r", "danger"), button("remake", "Remake", "m", "")));
    box.append(make("p", { className: "decide-state" }, now
      ? `${DECIDED[now]}${row.reason ? `: ${row.reason}` : ""}${row.reviewer ? ` (${row.reviewer})` : ""}` : "Nothing is decided yet."));
    if (clip.draft) box.append(make("p", { className: "facts" }, "A draft: approving it picks it. reelmill finals makes the final; the draft itself is never published."));
    if (clip.replaced) box.append(make("p", { className: "problem" }, "A later attempt has taken this one's place."));
    return box;
  };

  const fill = (clip) => {
    const close = make("button", { type: "button", className: "button quiet close", attrs: { "aria-label": "Close", "aria-keyshortcuts": "Escape" } }, "✕");
    close.addEventListener("click", () => app.closeDrawer());
    const provenance = app.address(clip.provenance);
    players = [];
    drawer.replaceChildren(
      make("header", {}, make("div", {}, make("h2", {}, clip.title || clip.sku), make("p", { className: "facts" }, [clip.sku, clip.ratio, clip.scene && `scene ${clip.scene}`, clip.brand, usd(clip.cost)].filter(Boolean).join(" · "))), close),
      decision(clip),
      make("div", { className: "pair", attrs: { "data-ratio": clip.ratio } }, media(clip), picture(clip)),
      film(clip),
      clip.delivered || clip.inspection ? findings(clip) : "",
      heading("Prompt", make("p", { className: "prompt" }, clip.prompt), clip.negative ? make("p", { className: "prompt negative" }, make("strong", {}, "Not: "), clip.negative) : null),
      heading("For", pairs([["Platforms", clip.platforms.map(words).join(", ")], ["Category", clip.category], ["Cost", `${usd(clip.cost)}${Number(clip.reserved) ? `, ${usd(clip.reserved)} reserved` : ""}`], ["Status", words(clip.state)]].filter(([, value]) => value))),
      heading("Lineage", pairs(clip.lineage), provenance ? make("p", {}, make("a", { href: provenance }, "Record of how it was made")) : null));
    drawer.scrollTop = 0;
  };

  app.openDrawer = (clip) => {
    if (open === clip && !drawer.hidden) return;
    app.stopPlaying();
    open = clip;
    fill(clip);
    const wasHidden = drawer.hidden;
    drawer.hidden = false;
    document.body.classList.add("with-drawer");
    if (wasHidden) app.layOut(); // the grid is narrower now
    app.goTo(clip);
  };

  app.closeDrawer = () => {
    if (drawer.hidden) return false;
    for (const player of players) { player.pause(); player.removeAttribute("src"); player.load(); }
    players = [];
    video = null;
    const clip = open;
    open = null;
    drawer.hidden = true;
    drawer.replaceChildren();
    document.body.classList.remove("with-drawer");
    app.layOut();
    app.goTo(app.shown[clip.at] === clip ? clip : app.current);
    return true;
  };

  /** The drawer shows what the keys act on. */
  app.drawerFollows = (clip) => { if (!drawer.hidden && open !== clip) { open = clip; fill(clip); } };

  app.drawerRefresh = () => {
    const old = open && find("decide");
    if (!old) return;
    const key = old.contains(document.activeElement) && document.activeElement.getAttribute("aria-keyshortcuts");
    const now = decision(open);
    old.replaceWith(now);
    if (key) now.querySelector(`[aria-keyshortcuts="${key}"]`).focus();
  };
})();
