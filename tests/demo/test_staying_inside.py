"""The attacker whom the store plays reaches the store and Watchword, and nothing else on this machine or beyond it."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from tests.demo.customer_browser import STORE_URL
from watchword.demo.playing.attacks_relay import RelayForm, fill_in, new_session, open_page


def _request(store: Starlette) -> Request:
    return Request({"type": "http", "app": store, "method": "POST", "path": "/", "headers": [], "query_string": b""})


@pytest.mark.parametrize(
    "action",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9/dev/inbox.json",
        "//evil.example/",
        "https://evil.example",
        f"{STORE_URL}@evil.example/",
        f"{STORE_URL}.evil.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
async def test_a_form_that_leads_elsewhere_is_not_sent(store: Starlette, action: str) -> None:
    request = _request(store)
    session = await open_page(request, new_session(request), "/sign-in")
    assert session.form_with("password") is not None
    foreign = RelayForm(action=action, fields={}, names=frozenset({"code"}), code_length=6)
    with pytest.raises(ValueError, match="leads to the store and to Watchword's pages only"):
        await fill_in(request, session, foreign, {"code": "123456"})
