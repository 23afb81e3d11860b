"""Whose call it is: Twilio's own examples, and whatever somebody else might send."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from watchword.adapters.senders.twilio_signature import FIELDS_MOST, checked_form
from watchword.domain.errors import ReceiptRefused
from watchword.domain.secret import Secret
from watchword.ports.sender import ProviderCall

TOKEN = Secret("12345")
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
CALL = ProviderCall(
    method="POST",
    url=URL,
    headers={"content-type": FORM, "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
    body=urlencode(FIELDS).encode(),
)
"""The example of Twilio's documentation, with its signature."""
JSON_CALL = ProviderCall(
    method="POST",
    url=f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
    headers={"content-type": "application/json", "x-twilio-signature": "a9nBmqA0ju/hNViExpshrM61xv4="},
    body=b'{"property": "value", "boolean": true}',
)
"""The example of Twilio's libraries for a body that is no form."""


def test_the_examples_of_twilio_are_its_own() -> None:
    assert checked_form(TOKEN, CALL) == FIELDS
    assert checked_form(TOKEN, JSON_CALL) == {}


@pytest.mark.parametrize("url", [URL.replace(".com/", ".com:443/"), URL.replace(".com/", ".com:8443/")])
def test_a_port_makes_no_difference_as_in_the_libraries_of_twilio(url: str) -> None:
    assert checked_form(TOKEN, replace(CALL, url=url)) == FIELDS


@pytest.mark.parametrize(
    "call",
    [
        replace(CALL, url=f"{URL}&delivery=dlv_2"),
        replace(CALL, url=URL.replace("https", "http")),
        replace(CALL, body=CALL.body + b"&More=1"),
        replace(CALL, body=CALL.body.replace(b"1234&", b"1235&")),
        replace(CALL, body=b""),
        replace(CALL, body=b"\xff=1"),
        replace(CALL, body=b"novalue"),
        replace(CALL, body=b"a=%ff"),
        replace(CALL, body="&".join(f"f{number}=1" for number in range(FIELDS_MOST + 1)).encode()),
        replace(CALL, headers={"content-type": FORM}),
        replace(CALL, headers={**CALL.headers, "x-twilio-signature": ""}),
        replace(CALL, headers={**CALL.headers, "x-twilio-signature": "ÿ" * 28}),
        replace(CALL, headers={**CALL.headers, "x-twilio-signature": f"{CALL.headers['x-twilio-signature']}, x"}),
        replace(CALL, headers={**CALL.headers, "content-type": "application/json"}),
        replace(JSON_CALL, body=b'{"property": "value", "boolean": false}'),
        replace(JSON_CALL, url=URL),
        replace(JSON_CALL, url=f"{JSON_CALL.url}&bodySHA256=00"),
        replace(JSON_CALL, headers={**JSON_CALL.headers, "content-type": FORM}),
    ],
)
def test_anything_else_is_refused(call: ProviderCall) -> None:
    with pytest.raises(ReceiptRefused):
        checked_form(TOKEN, call)


def test_the_token_of_another_account_signs_nothing_for_us() -> None:
    with pytest.raises(ReceiptRefused):
        checked_form(Secret("12346"), CALL)
