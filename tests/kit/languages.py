"""The languages, read once for all tests: the product's and the pseudo-locale."""

from watchword.wording.languages import read_languages
from watchword.wording.page_words import PageWords

LANGUAGES = read_languages(with_pseudo=True)
ENGLISH = PageWords(language=LANGUAGES.choose("en"))
