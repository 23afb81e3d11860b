"""What is known of one action: every signal with its type, its meaning, and the value it has when it is left out.

The default of a field is what the signal counts as when the application leaves it out, and that is always the new, the
unknown or the high one (I12).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Final

from watchword.domain.action import PURCHASE, Detail
from watchword.risk.signals.declaring import SignalType, SignalValue, declare, signal

AMOUNT_LEFT_OUT: Final = 1e18
"""Above every amount that can be written: ``Money`` takes 15 digits before the point."""
UNLIMITED: Final = 1e18
"""A ratio, a speed or a count where nothing is known to measure it by; finite, so that it can be written as JSON."""
NEVER_HOURS: Final = 1e18
"""Hours since what never was, where that is the risky answer."""
LONG_AGO_HOURS: Final = 1e9
"""Hours since what never was, where that is the ordinary answer: 100,000 years."""
FASTEST_KM_H: Final = 1_000.0
"""What no traveller exceeds between two cities: an airliner cruises at about 900 km/h (published for the A320)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What is known of one action; without arguments, everything that can be left out is."""

    action_type: str = signal("", "the type of the action, such as `purchase`")
    action_has_amount: bool = signal(False, "the action names an amount", "without `amount`: false")
    action_amount: float = signal(
        AMOUNT_LEFT_OUT,
        "the amount in its currency; compare it with a number that has a point, such as `100.0`",
        "without `amount`: 1e18, above every amount that can be written",
    )
    action_currency: str = signal(
        "", "the ISO 4217 code of the amount; look at `action.high_amount` too", "without `amount`: empty"
    )
    action_has_threshold: bool = signal(
        False, "the application declares a high-value threshold for this currency", "without `amount`: false"
    )
    action_threshold: str = signal(
        "", "that threshold as text, such as `500.00 USD`; empty without one", "without `amount`: empty"
    )
    action_high_amount: bool = signal(
        True, "the amount is above the threshold, or there is no amount or no threshold", "without `amount`: true"
    )
    purchase_count: int = signal(0, "purchases allowed within the window (24 h) and since the last proof, without this")
    purchase_sum: float = signal(
        AMOUNT_LEFT_OUT, "their sum in the currency of this action, with this one", "without `amount`: 1e18"
    )
    purchase_sum_threshold: str = signal(
        "", "the sum that counts as high value, as text; empty without a threshold", "without `amount`: empty"
    )
    purchase_high_sum: bool = signal(
        False, "a purchase whose sum is above `purchase_sum_percent` of the threshold", "see `action.high_amount`"
    )
    purchase_high_count: bool = signal(False, "a purchase after `purchase_count` others that went through unproven")
    purchase_high_value: bool = signal(
        True,
        "a purchase with `action.high_amount`, `purchase.high_sum` or `purchase.high_count`",
        "a purchase without `amount`: true",
    )
    purchase_amount_ratio: float = signal(
        UNLIMITED,
        "the amount divided by what this user usually spends, or the application's users where nothing is known of him",
        "without `amount`: 1e18",
    )
    payee_known: bool = signal(False, "this user paid this payee before", "without `payee`: false")
    payee_reports: float = signal(
        0.0, "actions with this payee that were reported as fraud; older ones count less", "without `payee`: 0.0"
    )
    device_state: str = signal("new", "`new`, `known` or `trusted`", "without a valid `device_token`: `new`")
    device_known: bool = signal(False, "the device is known or trusted", "without a valid `device_token`: false")
    device_trusted: bool = signal(False, "the device is trusted", "without a valid `device_token`: false")
    device_stolen: bool = signal(False, "an outlived device token was presented: somebody holds a copy of it")
    device_age_hours: float = signal(
        0.0, "hours since this device was first seen", "without a valid `device_token`: 0.0"
    )
    place_country: str = signal(
        "", "the ISO 3166 code of the IP address, `local` for a private one, empty if unknown", "without `ip`: empty"
    )
    place_known: bool = signal(
        False, "an action of this user was approved or allowed in this country before", "without `ip`: false"
    )
    network_asn: int = signal(0, "the number of the network (ASN) of the IP address, 0 if unknown", "without `ip`: 0")
    network_known: bool = signal(False, "this user was seen in this network (ASN) before", "without `ip`: false")
    network_address_known: bool = signal(
        False, "this user was seen at this very address before (IPv6: in its /64)", "without `ip`: false"
    )
    network_hosting: bool = signal(
        True, "the address belongs to a data centre, by the operator's files", "without `ip`: true"
    )
    network_vpn: bool = signal(True, "the address belongs to a VPN, by the operator's files", "without `ip`: true")
    network_tor: bool = signal(True, "the address is an exit of Tor, by the operator's files", "without `ip`: true")
    network_listed: bool = signal(
        True, "the address or its network is on the operator's own list", "without `ip`: true"
    )
    agent_type: str = signal("", "`desktop`, `mobile`, `tablet`, `bot` or `unknown`", "without `user_agent`: empty")
    agent_os: str = signal(
        "", "the system that the user agent names, such as `Windows`; empty if unknown", "without `user_agent`: empty"
    )
    agent_browser: str = signal(
        "", "the browser that the user agent names, such as `Firefox`; empty if unknown", "without `user_agent`: empty"
    )
    agent_type_known: bool = signal(
        False, "this user was seen with this type of device before", "without `user_agent`: false"
    )
    agent_os_known: bool = signal(
        False, "this user was seen with this system on this type of device", "without `user_agent`: false"
    )
    agent_browser_known: bool = signal(
        False, "this user was seen with this browser on this system", "without `user_agent`: false"
    )
    agent_version_known: bool = signal(
        False, "this user was seen with these versions of browser and system", "without `user_agent`: false"
    )
    agent_automated: bool = signal(
        True, "the user agent names a program that is no browser", "without `user_agent`: true"
    )
    travel_speed: float = signal(
        UNLIMITED,
        "km/h between the country where the user was last seen and this one, from their nearest cities; 0.0 within a "
        "country, or where he was never seen",
        "without `ip`: 1e18",
    )
    travel_impossible: bool = signal(True, "`travel.speed` is above 1000 km/h", "without `ip`: true")
    time_hour: int = signal(0, "the hour of the day in UTC, 0 to 23")
    time_unusual: bool = signal(True, "the user was hardly ever seen around this hour of the day, or too little at all")
    user_registered: bool = signal(False, "the application has registered this user")
    user_history: int = signal(0, "actions of this user that his memory rests on; older ones count less")
    user_age_hours: float = signal(0.0, "hours since the user was registered")
    user_idle_hours: float = signal(
        NEVER_HOURS, "hours since an action of this user was last approved or allowed; 1e18 for never"
    )
    user_changed_hours: float = signal(
        0.0, "hours since a reset or an account update was approved, or contacts changed; 1e9 for never"
    )
    user_failures: int = signal(0, "wrong codes within the failure window (30 days), both lanes")
    user_unproven_same_type: bool = signal(
        False,
        "a challenge of this type was not approved within the window (24 h): asked once, asked until proven; in lane "
        "`own` one of that lane",
    )
    user_unproven_networks: int = signal(
        0,
        "different networks that unproven challenges of any type came from within that window; in lane `own` those of "
        "that lane",
    )
    user_attack_suspected: bool = signal(False, "there are at least `unproven_networks` (5) such networks")
    user_disputed: bool = signal(False, 'the owner said "this wasn\'t me" and has not proven an old contact since')
    user_recent_reset: bool = signal(False, "a password reset was approved within the wait (72 h)")
    contact_age_hours: float = signal(0.0, "hours since the user's newest contact was added; 0.0 without a contact")
    contact_disposable: bool = signal(
        True, "a contact is at a domain for throw-away mail, by the operator's files; true for an unregistered user"
    )
    contact_stale: bool = signal(
        True,
        "no contact of the user was proven within `stale_contact_days` (365): whoever has the number or the mailbox "
        "now may be somebody else; true for an unregistered user",
    )
    contact_phone_type: str = signal(
        "",
        "of the user's phone: `mobile`, `fixed`, `fixed_or_mobile`, `voip`, `premium`, `toll_free` or `other`; empty "
        "without one",
    )
    velocity_user: float = signal(
        0.0, "actions of this user within about an hour, without this one; in lane `own` those of that lane"
    )
    velocity_address: float = signal(
        UNLIMITED, "actions from this address (IPv6: its /64) within about an hour", "without `ip`: 1e18"
    )
    velocity_network: float = signal(
        UNLIMITED, "actions from this network (ASN) within about an hour", "without `ip`: 1e18"
    )
    velocity_contact: float = signal(
        0.0,
        "actions within about an hour of users with one of this user's contacts; the busiest contact counts, and in "
        "lane `own` the actions of that lane",
    )
    velocity_users_at_address: float = signal(
        UNLIMITED, "different users from this address within about an hour", "without `ip`: 1e18"
    )
    velocity_unproven_at_address: float = signal(
        UNLIMITED, "challenges from this address within about a day that were not approved", "without `ip`: 1e18"
    )
    account_field: str = signal(
        "", "what an `account_update` changes: `email`, `phone`, `password`, `address`; empty for other types"
    )
    lane: str = signal(
        "open", "`own` with a valid token of a known device, else `open`", "without a valid `device_token`: `open`"
    )
    risk_threshold: float = signal(
        0.7, "the score from which the default policy asks: 0.7, or what the application's challenge budget comes to"
    )
    details: Mapping[str, Detail] = field(
        default_factory=dict,
        metadata={
            "meaning": "the application's own facts, `details` of the action: strings, integers and booleans",
            "left_out": "a key that is left out is an error, and so a match; see below",
        },
    )

    @property
    def high_value(self) -> bool:
        """Whether this is a high-value purchase (B4), for which trust never counts and no trust is given (B13)."""
        return self.action_type == PURCHASE and self.purchase_high_value

    def by_name(self) -> dict[str, SignalValue]:
        """Return every signal but the details, by the name that a condition uses.

        The details are left out because they may hold an address; the action keeps them.
        """
        return dict(zip(_NAMES, _VALUES(self), strict=True))


_RECORDED: Final = tuple(d for d in map(declare, fields(Signals)) if d.type is not SignalType.MAP)
_NAMES: Final = tuple(d.name for d in _RECORDED)
_VALUES: Final = attrgetter(*(d.field_name for d in _RECORDED))
