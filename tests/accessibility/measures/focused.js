// What has the focus, and whether a person sees that it has.
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const channels = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [.2126, .7152, .0722][index], 0);
  let ground = one.parentElement;
  while (ground && channels(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const pair = [style.outlineColor, getComputedStyle(ground ?? document.documentElement).backgroundColor]
    .map((color) => light(channels(color))).sort((a, b) => b - a);
  return {
    stop: Number(one.dataset.stop),
    top: box.top + scrollY, bottom: box.bottom + scrollY, left: box.left, right: box.right,
    outline_px: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    contrast: (pair[0] + .05) / (pair[1] + .05),
    is_in_sight: box.top >= -.5 && box.bottom <= innerHeight + .5 && box.left >= -.5 && box.right <= innerWidth + .5,
    is_covered: at === null || !(one === at || one.contains(at) || at.contains(one)),
  };
}
