"""What a client reads about the own view of a user."""

from datetime import UTC, datetime

from tests.sdk import canned
from tests.sdk.canned import Canned, CannedServer
from watchword_client import Client


def test_a_refused_request_has_no_challenge_and_no_reference(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(body=canned.page(canned.REQUEST, canned.REFUSED)))

    pending, refused = client.users.requests("u-42").data

    assert pending.sent_to is not None
    assert (pending.sent_to.channel, pending.sent_to.masked) == ("sms", "•••• 23")
    assert (pending.can_be_denied, pending.can_be_disputed, pending.ended_at) == (True, False, None)
    assert (refused.action_id, refused.challenge_id, refused.reference) == ("act_1", None, None)
    assert (refused.state, refused.sent_to, refused.expires_at) == ("refused", None, None)
    assert refused.ended_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_link_does_not_show_in_what_is_logged(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(status=201, body=canned.VIEW_LINK))

    link = client.users.view_link("u-42")

    assert link.url.endswith("wvl_secret")
    assert "wvl_secret" not in repr(link)


def test_nobody_is_preferred_any_more(server: CannedServer, client: Client) -> None:
    server.will_answer(Canned(body=canned.CONTACT))

    assert client.users.prefer_contact("u-42", "ctc_1", preferred=False).state == "confirmed"
    assert server.received[0].json() == {"preferred": False}
