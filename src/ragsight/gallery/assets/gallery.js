"use strict";
// Arrow keys go from card to card, Enter shows one in full, Escape closes it (the dialog's own).
// Events are taken at the document, so that cards that come later work too.
(() => {
  const viewer = document.querySelector("dialog.viewer");
  const openers = () => [...document.querySelectorAll("[data-open]")];
  let shown = null;

  const neighbour = (from, key) => {
    const all = openers();
    const at = all.indexOf(from);
    if (key === "ArrowRight") return all[at + 1];
    if (key === "ArrowLeft") return all[at - 1];
    if (key === "Home") return all[0];
    if (key === "End") return all[all.length - 1];
    const down = key === "ArrowDown";
    const middle = (node) => { const box = node.getBoundingClientRect(); return box.left + box.width / 2; };
    const top = from.getBoundingClientRect().top;
    const rest = all.map((node) => ({ node, gap: (node.getBoundingClientRect().top - top) * (down ? 1 : -1) }))
      .filter(({ gap }) => gap > 4);
    const nearest = Math.min(...rest.map(({ gap }) => gap));
    return rest.filter(({ gap }) => gap < nearest + 4)
      .sort((a, b) => Math.abs(middle(a.node) - middle(from)) - Math.abs(middle(b.node) - middle(from)))[0]?.node;
  };

  const show = (opener) => {
    shown = opener;
    const card = opener.closest(".card");
    const stage = viewer.querySelector(".stage");
    const picture = card.querySelector(".media img");
    const page = card.querySelector("template");
    stage.replaceChildren();
    if (picture) stage.append(picture.cloneNode());
    if (page) stage.append(page.content.cloneNode(true));
    if (!stage.childElementCount) stage.append(Object.assign(document.createElement("p"), { textContent: "This text has no picture and no page." }));
    viewer.querySelector(".about").replaceChildren(card.querySelector(".body").cloneNode(true));
    viewer.querySelector(".about").scrollTop = 0;
    const all = openers();
    const at = all.indexOf(opener);
    viewer.querySelector(".tools span").textContent = `${at + 1} of ${all.length}`;
    viewer.querySelector('[data-step="-1"]').disabled = at === 0;
    viewer.querySelector('[data-step="1"]').disabled = at === all.length - 1;
    if (!viewer.open) viewer.showModal();
  };

  const step = (by) => {
    const all = openers();
    const next = all[all.indexOf(shown) + by];
    if (next) show(next);
  };

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) show(opener);
    const stepper = event.target.closest("[data-step]");
    if (stepper) step(Number(stepper.dataset.step));
    if (event.target.closest("[data-close]") || event.target === viewer) viewer.close();
    const marker = event.target.closest('.answer a[href^="#"]');
    const card = marker && document.getElementById(marker.getAttribute("href").slice(1));
    if (card) {
      event.preventDefault();
      document.querySelectorAll(".card.lit").forEach((other) => other.classList.remove("lit"));
      card.classList.add("lit");
      card.scrollIntoView({ block: "nearest" });
      card.querySelector("[data-open]").focus({ preventScroll: true });
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (viewer.open) {
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        event.preventDefault();
        step(event.key === "ArrowRight" ? 1 : -1);
      }
      return;
    }
    if (!["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    if (event.target.closest("input, textarea, select")) return;
    const from = event.target.closest("[data-open]");
    // Outside the cards, up and down scroll the page as ever.
    const next = from ? neighbour(from, event.key) : event.key === "ArrowRight" ? openers()[0] : null;
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });

  viewer.addEventListener("close", () => {
    if (!shown) return;
    shown.focus();
    shown.scrollIntoView({ block: "nearest" });
  });
})();
