// The files of one video: as it was made, and as each platform gets it. One player shows them in turn.
"use strict";
(() => {
  const app = window.reelmill;
  const { make, words } = app;
  let chosen = ""; // the platform that was looked at last: the next clip opens with its file

  /** What there is to play: `videos` are addresses, `renditions` the files for platforms. */
  app.versionsOf = (videos, renditions) => [
    ...videos.map((video, at) => ({ platform: "", name: videos.length > 1 ? `Video ${at + 1}` : "Original", video })),
    ...renditions.map(({ platform, video, width, height }) =>
      ({ platform, name: words(platform), video, width, height, size: width && height ? `${width} × ${height}` : "" })),
  ].map((file) => ({ ...file, video: app.address(file.video) })).filter((file) => file.video);

  /** A player, and a button for each file if there are several. The place in the video is kept from file to file. */
  app.playerOf = (files, { name, poster, preload, groupName }) => {
    const video = make("video", { controls: true, playsInline: true, preload });
    const buttons = files.map((file) => {
      const button = make("button", { type: "button", className: "button quiet" }, file.name, file.size && make("small", {}, file.size));
      button.addEventListener("click", () => { chosen = file.platform; video.preload = "metadata"; show(file); });
      return button;
    });
    const show = (file) => {
      const at = video.currentTime, played = !video.paused;
      if (poster && !file.platform) video.poster = poster; else video.removeAttribute("poster"); // it shows the original
      if (file.size) video.style.setProperty("--ratio", `${file.width} / ${file.height}`); else video.style.removeProperty("--ratio");
      video.ariaLabel = file.platform ? `${name} for ${file.name}${file.size && `, ${file.size}`}` : name;
      video.src = file.video;
      if (at) video.currentTime = at; // kept by the browser until the file is read
      if (played) video.play().catch(() => {});
      buttons.forEach((button, number) => button.setAttribute("aria-pressed", String(files[number] === file)));
    };
    show(files.find((file) => file.platform === chosen) || files[0]);
    const group = files.length > 1 && make("div", { className: "versions", attrs: { role: "group", "aria-label": groupName } }, ...buttons);
    return { video, group: group || "" };
  };

  /** On to the next file of the clip (or of its film), and after the last one to the first. */
  app.nextVersion = () => {
    const buttons = [...app.find("drawer").querySelector(".versions")?.children ?? []];
    const at = buttons.findIndex((button) => button.ariaPressed === "true");
    buttons[(at + 1) % buttons.length]?.click();
  };
})();
