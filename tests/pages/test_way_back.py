"""The way back to the application: exact, and telling nothing but which challenge it was."""

from dataclasses import replace

import pytest

from tests.pages.samples import APPLICATION, CHALLENGE, challenge_for
from watchword.pages.way_back import form_targets, way_back

ID = CHALLENGE.id


@pytest.mark.parametrize(
    ("url", "state", "back"),
    [
        ("https://shop.example/go", None, f"https://shop.example/go?watchword_challenge={ID}"),
        (
            "https://shop.example/go",
            "a b&c=d/é",
            f"https://shop.example/go?watchword_challenge={ID}&state=a%20b%26c%3Dd%2F%C3%A9",
        ),
        ("https://shop.example/go?cart=7&x", "s", f"https://shop.example/go?cart=7&x&watchword_challenge={ID}&state=s"),
        ("https://shop.example/go?", "s", f"https://shop.example/go?watchword_challenge={ID}&state=s"),
        ("https://shop.example/#/go?x=1", "s", f"https://shop.example/?watchword_challenge={ID}&state=s#/go?x=1"),
        ("com.shop.app:done", "", f"com.shop.app:done?watchword_challenge={ID}&state="),
    ],
)
def test_the_result_is_added_and_the_rest_is_kept(url: str, state: str | None, back: str) -> None:
    application = replace(APPLICATION, return_urls=(url,))
    assert way_back(application, challenge_for(return_url=url, state=state)) == back


def test_there_is_no_way_back_without_an_address_or_to_one_that_left_the_list() -> None:
    assert way_back(APPLICATION, challenge_for(return_url=None)) is None
    assert way_back(APPLICATION, challenge_for(return_url="https://evil.example/")) is None


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://shop.example/go?x=1", "https://shop.example"),
        ("https://SHOP.example:8443/", "https://shop.example:8443"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("http://127.0.0.1:9000/back", "http://127.0.0.1:9000"),
        ("http://[::1]:9000/back", "http:"),
        ("com.shop.app://done", "com.shop.app:"),
        ("https://shop.example;x/", "https:"),
    ],
)
def test_a_form_may_end_at_the_applications_own_origin(url: str, source: str) -> None:
    application = replace(APPLICATION, return_urls=(url,))
    assert form_targets(application, challenge_for(return_url=url)) == (source,)


def test_a_form_may_end_at_a_declared_origin_too_because_browsers_follow_redirects_with_it() -> None:
    application = replace(APPLICATION, origins=("https://shop.example", "https://m.shop.example"))
    assert form_targets(application, CHALLENGE) == ("https://shop.example", "https://m.shop.example")


def test_a_form_ends_here_where_there_is_no_way_back() -> None:
    application = replace(APPLICATION, origins=("https://m.shop.example",))
    assert form_targets(application, challenge_for(return_url=None)) == ()
