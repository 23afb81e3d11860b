"""Whose words a reader is shown, of those that the operator gave."""

import pytest

from watchword.domain.customer_text import OwnWords, words_for_everybody


@pytest.mark.parametrize(
    ("given", "reads", "shown"),
    [
        (("en", "de"), ("de",), "de"),
        (("en", "de"), ("de-AT",), "de"),
        (("en", "de"), ("de_AT",), "de"),
        (("en", "de", "de-AT"), ("de-AT",), "de-AT"),
        (("en", "pt-BR"), ("pt",), "pt-BR"),
        (("en", "pt-BR", "pt"), ("pt-PT",), "pt"),
        (("en", "zh-Hant", "zh-Hans"), ("zh_CN", "zh-Hans"), "zh-Hans"),
        (("en", "zh-Hans"), ("zh-CN",), "zh-Hans"),
        (("en", "de"), ("fr",), "en"),
        (("en", "de", ""), ("fr",), ""),
        (("de", ""), ("en",), ""),
        (("de", "nl"), ("fr",), "de"),
        (("en", "fil"), ("fi",), "en"),
        (("en", "de"), ("",), "en"),
    ],
)
def test_the_nearest_words_are_shown(given: tuple[str, ...], reads: tuple[str, ...], shown: str) -> None:
    assert OwnWords(by_language={tag: f"in {tag}" for tag in given}).language_for(*reads) == shown


def test_words_for_everybody_are_shown_to_everybody() -> None:
    words = words_for_everybody("Vouchers are confirmed.")
    assert {words.by_language[words.language_for(reader)] for reader in ("de", "zh-Hans", "en")} == {
        "Vouchers are confirmed."
    }
