"""Examples for the description of the API; a test reads every one of them as the structure it stands for."""

from collections.abc import Mapping
from typing import Final

_MONEY: Final = {"value": "1299.00", "currency": "USD"}
_ACTION_ID: Final = "act_4wbfs3mxzb9q5d1r6t2n8k0hvc7jyg4p5a3e6m"
_CHALLENGE_ID: Final = "chl_4wbfs3mxzb9q5d1r6t2n8k0hvc7jyg4p5a3e6m"
_CONTACT_ID: Final = "ctc_4wbfs3mxzb9q5d1r6t2n8k0hvc7jyg4p5a3e6m"
_DEVICE_ID: Final = "dev_4wbfs3mxzb9q5d1r6t2n8k0hvc7jyg4p5a3e6m"
_PURCHASE: Final = {
    "type": "purchase",
    "user_id": "u-42",
    "amount": _MONEY,
    "payee": "ACME Cameras",
    "details": {"items": 1, "new_shipping_address": True},
}
_CHALLENGE: Final[Mapping[str, object]] = {
    "id": _CHALLENGE_ID,
    "state": "pending",
    "token": "wct_…",
    "url": "https://verify.shop.example/c/wct_…",
    "reference": "7K2M9QXD",
    "contacts": [
        {"id": _CONTACT_ID, "channels": ["sms", "voice"], "masked": "•••• 23"},
        {"id": f"{_CONTACT_ID[:-1]}z", "channels": ["email"], "masked": "j•••@g•••.com"},
    ],
    "sent_to": {"contact_id": _CONTACT_ID, "channel": "sms", "masked": "•••• 23"},
    "delivery": {"status": "queued", "updated_at": "2026-11-22T10:00:00Z", "going_on": False},
    "code_length": 6,
    "attempts_left": 5,
    "expires_at": "2026-11-22T10:05:00Z",
    "resend_at": "2026-11-22T10:00:30Z",
}
_DEVICE: Final = {"id": _DEVICE_ID, "state": "known", "token": "wd1.…"}
_CONTACT: Final[Mapping[str, object]] = {
    "id": _CONTACT_ID,
    "channel_type": "phone",
    "masked": "•••• 23",
    "state": "confirmed",
    "added_at": "2026-01-05T09:30:00Z",
    "confirmed_at": "2026-01-05T09:30:00Z",
    "last_proven_at": None,
    "usable": True,
    "usable_from": "2026-01-05T09:30:00Z",
    "leaves_at": None,
    "preferred": True,
}
_USER_DEVICE: Final[Mapping[str, object]] = {
    "id": _DEVICE_ID,
    "name": "Kitchen tablet",
    "state": "known",
    "first_seen_at": "2026-01-05T09:30:00Z",
    "last_seen_at": "2026-11-22T10:00:00Z",
    "last_proven_at": "2026-11-20T10:00:00Z",
    "trusted_at": None,
}
_USER: Final[Mapping[str, object]] = {
    "id": "u-42",
    "locale": "en",
    "contacts": [_CONTACT],
    "locked_until": None,
    "disputed_at": None,
    "created_at": "2026-01-05T09:30:00Z",
}

REQUESTS: Final[Mapping[str, Mapping[str, object]]] = {
    "putUser": {
        "contacts": [
            {
                "channel_type": "phone",
                "address": "+14155550123",
                "confirmed_at": "2026-01-05T09:30:00Z",
                "preferred": True,
            },
            {"channel_type": "email", "address": "jane@example.com"},
        ],
        "locale": "en",
    },
    "preferContact": {"preferred": True},
    "changeDevice": {"name": "Kitchen tablet", "trusted": False},
    "distrustDevices": {},
    "disputeRequest": {},
    "createViewLink": {"page": "requests", "return_url": "https://shop.example/account", "locale": "en"},
    "confirmContact": {"session_id": "s-9", "ip": "203.0.113.7"},
    "createAction": {
        **_PURCHASE,
        "session_id": "s-9",
        "device_token": "wd1.…",
        "ip": "203.0.113.7",
        "user_agent": "Mozilla/5.0 …",
        "locale": "en",
        "summary": "1 item",
        "return_url": "https://shop.example/checkout/continue",
        "state": "cart-17",
    },
    "giveFeedback": {"label": "legitimate"},
    "createDelivery": {"contact_id": _CONTACT_ID, "channel": "voice"},
    "createAttempt": {"code": "123 456", "trust_device": True},
    "cancelChallenge": {"reason": "abandoned"},
    "claimChallenge": {"session_id": "s-9"},
    "redeemGrant": {"grant": "eyJ…", "session_id": "s-9", "action": _PURCHASE},
}
"""Bodies of requests, by the name of the call."""

ANSWERS: Final[Mapping[str, Mapping[str, object]]] = {
    "putUser": _USER,
    "getUser": _USER,
    "preferContact": _CONTACT,
    "listDevices": {"data": [_USER_DEVICE], "next_cursor": None},
    "getDevice": _USER_DEVICE,
    "changeDevice": _USER_DEVICE,
    "distrustDevices": {"distrusted": 2},
    "listRequests": {
        "data": [
            {
                "action_id": _ACTION_ID,
                "challenge_id": _CHALLENGE_ID,
                "reference": "7K2M9QXD",
                "type": "purchase",
                "field": None,
                "amount": _MONEY,
                "payee": "ACME Cameras",
                "state": "approved",
                "device": "Firefox on Linux",
                "country": "NO",
                "sent_to": {"contact_id": _CONTACT_ID, "channel": "sms", "masked": "•••• 23", "status": "delivered"},
                "can_be_denied": False,
                "can_be_disputed": True,
                "created_at": "2026-11-22T10:00:00Z",
                "expires_at": "2026-11-22T10:05:00Z",
                "ended_at": "2026-11-22T10:01:00Z",
                "disputed_at": None,
            }
        ],
        "next_cursor": None,
    },
    "disputeRequest": {"action_id": _ACTION_ID, "outcome": "disputed"},
    "createViewLink": {
        "url": "https://verify.shop.example/me/wvl_…",
        "expires_at": "2026-11-22T10:10:00Z",
    },
    "confirmContact": _CHALLENGE,
    "createAction": {
        "id": _ACTION_ID,
        "decision": "challenge",
        "reasons": [{"rule": "high-value-purchase", "text": "The amount is above 500.00 USD"}],
        "risk": {"score": 0.83, "terms": [{"signal": "country", "nats": 3.1, "text": "New country for this user"}]},
        "challenge": _CHALLENGE,
        "device": {"id": None, "state": "new", "token": None},
        "advice": [{"code": "contact_stale", "contact_id": _CONTACT_ID}],
        "grant": None,
        "retry_after": None,
    },
    "getChallenge": _CHALLENGE,
    "createDelivery": _CHALLENGE,
    "createAttempt": {
        "outcome": "approved",
        "attempts_left": 4,
        "retry_after": None,
        "grant": "eyJ…",
        "device": _DEVICE,
    },
    "cancelChallenge": {**_CHALLENGE, "state": "cancelled"},
    "claimChallenge": {"state": "approved", "grant": "eyJ…", "device": _DEVICE},
    "redeemGrant": {
        "id": "grt_4wbfs3mxzb9q5d1r6t2n8k0hvc7jyg4p5a3e6m",
        "action_id": _ACTION_ID,
        "challenge_id": _CHALLENGE_ID,
        "assurance": "sim_control",
        "redeemed_at": "2026-11-22T10:01:00Z",
    },
}
"""Bodies of answers of success, by the name of the call."""
