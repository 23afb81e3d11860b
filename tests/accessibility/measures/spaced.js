// WCAG 1.4.12: the reader's own spacing of lines, paragraphs, letters and words. A sheet made by script is not subject
// to the page's policy for styles, which would refuse any other.
() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-block-end: 2em !important; }");
  document.adoptedStyleSheets = [sheet];
}
