// Controls that nothing but a colour tells from text: with the reader's own few colours they would vanish.
() => [...document.querySelectorAll("a, button, input:not([type=hidden]), summary")].filter((one) => {
  if (!one.checkVisibility() || ["checkbox", "radio"].includes(one.type) || one.tagName === "SUMMARY") return false;
  const style = getComputedStyle(one);
  const isUnderlined = style.textDecorationLine.includes("underline");
  const hasEdge = ["Top", "Right", "Bottom", "Left"].every((side) =>
    parseFloat(style[`border${side}Width`]) >= 1 && style[`border${side}Style`] !== "none" &&
    style[`border${side}Color`] !== style.backgroundColor);
  return !isUnderlined && !hasEdge;
}).map((one) => one.outerHTML.slice(0, 80))
