// Whatever moves, or would move when something changes.
() => [
  ...document.getAnimations().map((one) => `running: ${one.animationName ?? one.transitionProperty}`),
  ...[...document.querySelectorAll("*")].flatMap((one) => {
    const style = getComputedStyle(one);
    const lasts = `${style.transitionDuration}, ${style.animationDuration}`.split(", ").some((time) => parseFloat(time) > 0);
    return lasts || style.scrollBehavior === "smooth" ? [one.outerHTML.slice(0, 60)] : [];
  }),
]
