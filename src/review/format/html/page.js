
"use strict";
// Draws the evidence as links between lines, and switches between light and dark. All that the page says is there without it.
(() => {
  const root = document.documentElement;
  const button = document.querySelector(".switch");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = (() => { try { return localStorage.getItem("marginote-theme"); } catch { return null; } })();
  let theme = kept === "dark" || kept === "light" ? kept : null;
  const isDark = () => (theme ?? (dark.matches ? "dark" : "light")) === "dark";
  const show = () => {
    if (theme) root.dataset.theme = theme;
    button.textContent = isDark() ? "Light" : "Dark";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("marginote-theme", theme); } catch { /* a page from disk may keep nothing */ }
    show();
  });
  dark.addEventListener("change", show);
  show();

  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, attributes) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const at = (link) => document.getElementById(link.hash.slice(1));
  const own = (note) => document.getElementById(note.dataset.line);
  const proofs = (note) => [...note.querySelectorAll("ul.evidence a")].map(at).filter(Boolean);
  const severity = (note) => note.classList[1];

  const draw = (file) => {
    file.querySelector(":scope > .links")?.remove();
    const box = file.getBoundingClientRect();
    const code = file.querySelector(".code")?.getBoundingClientRect();
    if (!code) return;
    const x = code.left - box.left - 4;
    const right = code.right - box.left + 4;
    const middle = (element, height) => {
      const place = element.getBoundingClientRect();
      return Math.round(place.top + (height ?? place.height) / 2 - box.top);
    };
    const all = make("svg", { class: "links", "aria-hidden": "true", focusable: "false" });
    for (const note of file.querySelectorAll(".note")) {
      const start = own(note);
      if (!start) continue;
      const links = make("g", { class: severity(note), "data-note": note.id });
      const y = middle(start);
      // the first line of the note
      const head = middle(note, 26);
      const left = note.getBoundingClientRect().left - box.left - 2;
      const half = (right + left) / 2;
      if (left > right) links.append(make("path", { class: "leader", d: `M${right} ${y}C${half} ${y} ${half} ${head} ${left} ${head}` }));
      for (const line of new Set(proofs(note))) {
        if (line === start || !file.contains(line)) continue;
        const to = middle(line);
        const deep = Math.min(x - 3, 12 + Math.abs(to - y) / 9);
        links.append(
          make("path", { class: "proof", d: `M${x} ${y}C${x - deep} ${y} ${x - deep} ${to} ${x} ${to}` }),
          make("circle", { cx: x, cy: to, r: 2.4 }),
        );
      }
      if (note.classList.contains("lit")) links.classList.add("lit");
      all.append(links);
    }
    file.append(all);
  };
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) { seen.add(entry.target); draw(entry.target); } else seen.delete(entry.target);
    }
  }, { rootMargin: "300px" });
  const sizes = new ResizeObserver((entries) => {
    for (const entry of entries) if (seen.has(entry.target)) draw(entry.target);
  });
  // code stays in sight beside long notes, so its lines move against the page
  let waits = false;
  document.addEventListener("scroll", () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; seen.forEach(draw); });
  }, { passive: true });
  for (const file of document.querySelectorAll(".file")) { watch.observe(file); sizes.observe(file); }

  const noteOf = (element) => {
    const note = element.closest?.(".note");
    const ref = element.closest?.(".line")?.querySelector(".ref");
    return note ?? (ref ? at(ref) : null);
  };
  const light = (event) => {
    const note = noteOf(event.target);
    for (const element of document.querySelectorAll(".lit")) element.classList.remove("lit");
    if (!note) return;
    const links = document.querySelector(`.links [data-note="${note.id}"]`);
    for (const element of [note, own(note), links, ...proofs(note)]) element?.classList.add("lit");
  };
  document.addEventListener("pointerover", light);
  document.addEventListener("focusin", light);
})();
