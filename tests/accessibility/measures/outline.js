// The page's skeleton: title, language, headings in order, landmarks.
() => ({
  title: document.title,
  language: document.documentElement.lang,
  direction: document.documentElement.dir || "ltr",
  headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((one) => one.checkVisibility())
    .map((one) => Number(one.tagName[1])),
  mains: document.querySelectorAll("main").length,
  duplicates: [...document.querySelectorAll("[id]")].map((one) => one.id).filter((id, index, all) => all.indexOf(id) !== index),
})
