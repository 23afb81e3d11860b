// Controls that a finger may miss: below 44 px for what stands alone (WCAG 2.5.5), below 24 px for all (WCAG 2.5.8).
// A link inside a sentence is as high as its line (the exception "inline" of both).
() => {
  const found = [];
  for (const one of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")) {
    if (!one.checkVisibility()) continue;
    const isInSentence = one.tagName === "A" && getComputedStyle(one).display === "inline";
    if (isInSentence) continue;
    const boxes = [one, ...(["checkbox", "radio"].includes(one.type) ? one.labels : [])].map((part) => part.getBoundingClientRect());
    const height = Math.max(...boxes.map((box) => box.height));
    const width = Math.max(...boxes.map((box) => box.width));
    const own = one.getBoundingClientRect();
    if (height < 44 || width < 44 || own.height < 24 || own.width < 24) {
      found.push(`${one.outerHTML.slice(0, 80)}: ${Math.round(own.width)} × ${Math.round(own.height)}`);
    }
  }
  return found;
}
