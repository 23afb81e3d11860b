"""The shape of ``[applications.NAME.guards]``: what keeps messages that cost money from being sent for nothing."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from msgspec import Meta, Struct, field

from watchword.domain.guards import GuardMode


class TariffTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What a message over this channel costs, and which countries it may go to; docs/guards.md says more."""

    countries: Annotated[
        list[str],
        Meta(
            description=(
                'The countries whose numbers get codes over this channel, as ISO 3166 has them: `["DE", "AT"]`. '
                "Without any, every country does; a live application should name its own."
            )
        ),
    ] = field(default_factory=list)
    price: Annotated[
        str,
        Meta(
            description=(
                "What one message costs where `prices` does not say, as text with at most six decimals: each part of a "
                "text message, a call, a WhatsApp message."
            )
        ),
    ] = "0.10"
    prices: Annotated[
        dict[str, str], Meta(description='What it costs by country: `{ DE = "0.075", US = "0.0079" }`.')
    ] = field(default_factory=dict)


class GuardsTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """What keeps messages that cost money from being sent for nothing; docs/guards.md says more."""

    not_here: ClassVar[Mapping[str, str]] = {
        "email": "e-mail costs nothing by the piece and is not guarded; guards are for sms, voice and whatsapp"
    }
    mode: Annotated[
        GuardMode | None,
        Meta(
            description=(
                "Whether guards act, or only count and tell. Without it they act in a live application and watch in a "
                "test one."
            )
        ),
    ] = None
    currency: Annotated[str, Meta(description="The ISO 4217 currency of all its prices and caps.")] = "USD"
    daily_cap: Annotated[
        str,
        Meta(
            description=(
                "What codes to the numbers of one country may cost in a day (UTC), as text. Then other channels are "
                "offered until midnight, or a release."
            )
        ),
    ] = "100.00"
    daily_caps: Annotated[
        dict[str, str], Meta(description='The same for single countries: `{ DE = "500.00", US = "50.00" }`.')
    ] = field(default_factory=dict)
    kept_for_proven_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=90,
            description=(
                "The share of each country's cap that is kept for contacts proven before today, so that nobody can use "
                "up on purpose what your customers need; 0 keeps nothing."
            ),
            extra={"unit": "percent"},
        ),
    ] = 20
    prefix_sends: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description=(
                "New contacts of one range of numbers (a number without its last four digits) from which the share of "
                "entered codes counts."
            ),
            extra={"unit": "contacts"},
        ),
    ] = 20
    prefix_completed_percent: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Below this share of entered codes the range is closed for a while; 0 never closes one.",
            extra={"unit": "percent"},
        ),
    ] = 15
    prefix_window_h: Annotated[
        int, Meta(ge=1, le=72, description="How far back contacts are counted.", extra={"unit": "hours"})
    ] = 24
    closure_min: Annotated[
        int,
        Meta(
            ge=1,
            le=1_440,
            description="The first closure of a range; each further one is twice as long, up to a day.",
            extra={"unit": "minutes"},
        ),
    ] = 60
    sms: Annotated[TariffTable, Meta(description="Text messages.")] = field(default_factory=TariffTable)
    voice: Annotated[TariffTable, Meta(description="Calls.")] = field(default_factory=TariffTable)
    whatsapp: Annotated[TariffTable, Meta(description="WhatsApp.")] = field(default_factory=TariffTable)
