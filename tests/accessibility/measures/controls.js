// Everything the keyboard has to reach, in the order of the document, marked so that it is known again. Of a group of
// choices that is the chosen one.
() => {
  const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
    .filter((one) => one.checkVisibility() && !one.disabled && (one.type !== "radio" || one.checked));
  all.forEach((one, index) => { one.dataset.stop = index; });
  // The next Tab starts before the first control.
  document.activeElement?.blur();
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  scrollTo(0, 0);
  return all.length;
}
