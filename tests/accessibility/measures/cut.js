// What does not fit: text beyond the window's width, text that its own box cuts off, controls that lie on each other.
() => {
  const found = [];
  const name = (one) => `${one.tagName.toLowerCase()}${one.className ? "." + one.className : ""}`;
  const isForEars = (one) => one.closest(".unseen") !== null;
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) found.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${width}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.textContent.trim() || isForEars(text.parentElement) || text.parentElement.closest("noscript, script, option")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) {
      if (box.width && (box.left < -0.5 || box.right > width + 0.5)) found.push(`beyond the window: ${text.textContent.trim().slice(0, 40)}`);
    }
  }
  for (const one of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(one);
    if (isForEars(one) || !one.textContent.trim()) continue;
    const cutsAcross = style.overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1;
    const cutsDown = style.overflowY !== "visible" && one.scrollHeight > one.clientHeight + 1;
    if (one !== document.body && (cutsAcross || cutsDown)) found.push(`cut by its own box: ${name(one)}`);
  }
  const controls = [...document.querySelectorAll("a, button, input:not([type=hidden]), summary")].filter((one) => one.checkVisibility());
  controls.forEach((one, index) => {
    const a = one.getBoundingClientRect();
    for (const other of controls.slice(index + 1)) {
      const b = other.getBoundingClientRect();
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 1 && !one.contains(other) && !other.contains(one)) found.push(`one on the other: ${name(one)} ${name(other)}`);
    }
  });
  return found;
}
