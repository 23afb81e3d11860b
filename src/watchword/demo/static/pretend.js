// What stands beside the shop, with a script: fresh by itself, codes to copy, and a phone in a window of its own.
// Everything works without it: pages show phone and tour as they were when the page was opened.
"use strict";
(() => {
  const SOON_MS = 2000;
  const LATER_MS = 5000;
  const CALM_AFTER = 15; // looks without news, after which it looks less often
  const live = document.querySelector("[data-live-from]");
  if (!live) return;

  const from = live.dataset.liveFrom;
  const parts = () => [...live.querySelectorAll("[data-live]")];
  const news = document.createElement("p"); // what is new, for those who cannot see it
  news.className = "unseen";
  news.setAttribute("role", "status");
  live.append(news);
  const title = document.title;
  const shown = new Map(parts().map((part) => [part.dataset.live, part.innerHTML]));
  let known = messageIds(live);
  let quiet = 0;
  let timer = 0;

  function messageIds(root) {
    return new Set([...root.querySelectorAll("[data-message]")].map((message) => message.id));
  }

  // Puts in what changed, and leaves alone whatever somebody works with at this moment.
  function take(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    let changed = false;
    for (const part of parts()) {
      const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (!next || next.innerHTML === shown.get(part.dataset.live)) continue;
      const active = part.contains(document.activeElement) ? document.activeElement : null;
      if (active && active.matches("input, select, textarea")) continue;
      shown.set(part.dataset.live, next.innerHTML);
      swap(part, next, active);
      changed = true;
    }
    return changed;
  }

  function swap(part, next, active) {
    const open = new Map([...part.querySelectorAll("details[id]")].map((details) => [details.id, details.open]));
    const inside = active ? active.closest("[id]") : null;
    const place = inside ? [...inside.querySelectorAll("a, button, summary")].indexOf(active) : -1;
    part.replaceChildren(...[...next.childNodes].map((node) => document.importNode(node, true)));
    for (const [id, isOpen] of open) {
      const details = document.getElementById(id);
      if (details) details.open = isOpen;
    }
    dress(part);
    if (!active) return;
    // The focus stays where it was, or at least inside.
    const holder = inside && inside.id ? document.getElementById(inside.id) : null;
    const target = holder && (place < 0 ? holder : holder.querySelectorAll("a, button, summary")[place]);
    if (target) target.focus({ preventScroll: true });
  }

  function announce() {
    const now = messageIds(live);
    const added = [...now].filter((id) => !known.has(id));
    known = now;
    const counter = document.querySelector(".to-phone .unread");
    if (counter) counter.textContent = String(now.size);
    if (added.length === 0) return;
    for (const id of added) document.getElementById(id)?.classList.add("arrived");
    const words = added.length === 1 ? "A new message is on the phone." : `${added.length} new messages are on the phone.`;
    news.textContent = words;
    if (isPhone && document.hidden) document.title = `(${added.length}) ${title}`;
  }

  async function look() {
    try {
      const answer = await fetch(from, { headers: { accept: "text/html" } });
      if (answer.ok && take(await answer.text())) {
        announce();
        quiet = 0;
      } else {
        quiet += 1;
      }
    } catch {
      quiet += 1; // The store is not there; the next look asks again.
    }
    plan();
  }

  function plan() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, quiet > CALM_AFTER ? LATER_MS : SOON_MS);
  }

  // Buttons that need a script are hidden until there is one.
  function dress(root) {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) return;
    document.title = title;
    quiet = 0;
    look();
  });

  const phoneAddress = "/phone";
  const phoneName = "fernwick-phone";

  const isPhone = document.body.matches(".phone-window");

  // Beside the store where there is room for it; elsewhere links and pages do.
  function openPhone() {
    if (!matchMedia("(min-width: 60rem) and (hover: hover)").matches) return null;
    const left = Math.max(0, screen.availWidth - 430);
    return open(phoneAddress, phoneName, `popup,width=410,height=760,left=${left},top=40`);
  }

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      try {
        await navigator.clipboard.writeText(copy.dataset.copy);
      } catch {
        return; // Not allowed here; the code can be selected and copied by hand.
      }
      copy.textContent = `Copied ${copy.dataset.copy}`;
      news.textContent = "The code is copied.";
      return;
    }
    if (event.target.closest("[data-window]") && openPhone()) event.preventDefault();
  });

  dress(live);
  plan();
})();
