// Making elements. Feed text only ever enters through textContent and attributes, never as markup.
"use strict";
(() => {
  const app = (window.reelmill = {});

  app.find = (id) => document.getElementById(id);

  /** An element with properties, "aria-"/"data-"/other attributes under `attrs`, and children (nodes or text). */
  app.make = (tag, props = {}, ...children) => {
    const { attrs = {}, ...plain } = props;
    const node = Object.assign(document.createElement(tag), plain);
    for (const [name, value] of Object.entries(attrs)) if (value !== null && value !== undefined) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  };

  const SVG = "http://www.w3.org/2000/svg";
  app.svg = (tag, attrs = {}, ...children) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  /** An address that a page of ours may show: one below the output, or https. Anything else shows nothing. */
  app.address = (link) => {
    if (typeof link !== "string" || !link) return null;
    return link.startsWith("https://") || /^[A-Za-z0-9._~%/-]+$/.test(link) ? link : null;
  };

  /** USD with two decimals, more only where they matter. */
  app.usd = (amount) => {
    const number = Number(amount);
    const digits = number !== 0 && Math.abs(number * 100 - Math.round(number * 100)) > 1e-6 ? 4 : 2;
    return "$" + number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };

  app.count = (number, thing) => `${number.toLocaleString("en-US")} ${thing}${number === 1 ? "" : "s"}`;

  app.words = (name) => String(name).replaceAll("_", " ");

  /** Told to whoever listens instead of looking. */
  app.say = (text) => { app.find("said").textContent = text; };

  let fading = 0;
  /** Told to everybody, for as long as it takes to read. */
  app.warn = (text) => {
    const notice = app.find("notice");
    notice.textContent = text;
    notice.hidden = false;
    clearTimeout(fading);
    fading = setTimeout(() => { notice.hidden = true; }, 12000);
  };

  app.calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** Kept on this machine; a browser that keeps nothing is no reason to stop. */
  app.recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  app.keep = (key, value) => { try { localStorage.setItem(key, value); return true; } catch { return false; } };
})();
