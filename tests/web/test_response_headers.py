"""The standing headers: nobody frames an answer, unless the answer itself names who may."""

import pytest

from watchword.web.response_headers import completed, standing_headers

STANDING = standing_headers(over_tls=True)


def _completed(*headers: tuple[bytes, bytes]) -> dict[bytes, bytes]:
    return dict(completed(headers, STANDING, "req_1"))


def test_an_answer_that_says_nothing_is_shut_against_frames() -> None:
    headers = _completed()
    assert headers[b"x-frame-options"] == b"DENY"
    assert headers[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "policy",
    [b"default-src 'none'", b"default-src 'none'; frame-ancestors 'none'", b"frame-ancestors 'none'; img-src *"],
)
def test_a_policy_that_lets_nobody_frame_is_said_twice(policy: bytes) -> None:
    assert _completed((b"content-security-policy", policy))[b"x-frame-options"] == b"DENY"


@pytest.mark.parametrize("name", [b"content-security-policy", b"Content-Security-Policy"])
def test_a_policy_that_names_who_may_frame_is_not_contradicted(name: bytes) -> None:
    policy = b"default-src 'none'; frame-ancestors https://shop.example; form-action 'self'"
    assert b"x-frame-options" not in _completed((name, policy))


def test_what_an_answer_says_itself_stays() -> None:
    assert _completed((b"X-Frame-Options", b"SAMEORIGIN"))[b"X-Frame-Options"] == b"SAMEORIGIN"
    assert b"x-frame-options" not in _completed((b"X-Frame-Options", b"SAMEORIGIN"))
