// Takes the reader's own spacing away again.
() => { document.adoptedStyleSheets = []; }
