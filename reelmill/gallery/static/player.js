// The one video that plays in the grid: it is given a source only while somebody points at its clip.
"use strict";
(() => {
  const app = window.reelmill;
  const SOON_MS = 140; // a pointer that only passes by plays nothing
  let waiting = 0;

  const video = app.make("video", { className: "playing", muted: true, loop: true, playsInline: true, preload: "none",
    disableRemotePlayback: true, tabIndex: -1, attrs: { "aria-hidden": "true" } });
  video.addEventListener("playing", () => video.classList.add("ready"));

  app.stopPlaying = () => {
    clearTimeout(waiting);
    if (!video.isConnected) return;
    video.pause();
    video.remove();
    video.removeAttribute("src");
    video.load(); // lets go of what was fetched
    video.classList.remove("ready");
  };

  app.playSoon = (clip, frame) => {
    app.stopPlaying();
    const source = app.address(clip.preview) || app.address(clip.videos[0]);
    if (app.calm.matches || !source || app.drawerPlays()) return;
    waiting = setTimeout(() => {
      if (!frame.isConnected) return;
      video.src = source;
      frame.append(video);
      video.play().catch(() => app.stopPlaying());
    }, SOON_MS);
  };
})();
