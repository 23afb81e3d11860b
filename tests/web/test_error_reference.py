"""Every error code is explained."""

from watchword.domain import errors
from watchword.domain.errors import Refusal
from watchword.web.error_reference import error_entries, render_errors


def test_every_code_of_the_error_tree_is_on_the_page() -> None:
    refusals = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Refusal)]
    page = render_errors()
    assert refusals
    for refusal in refusals:
        assert f"\n## {refusal.code}\n" in page
    assert "\n## internal_error\n" in page


def test_an_entry_says_status_title_meaning_and_remedy() -> None:
    [entry] = [entry for entry in error_entries() if entry.code == "grant_expired"]
    assert (entry.status, entry.title) == (410, "Grant expired")
    assert entry.meaning == "The grant has expired; start again."
    assert entry.remedy


def test_every_entry_has_a_remedy_of_its_own() -> None:
    remedies = [entry.remedy for entry in error_entries()]
    assert "Read `detail` and correct the request." not in remedies


def test_no_code_stands_for_two_things() -> None:
    codes = [entry.code for entry in error_entries()]
    assert len(codes) == len(set(codes))
    assert codes == sorted(codes)
