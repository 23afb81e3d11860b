"""The shape of those tables of ``watchword.toml`` that say which servers of an application are told what happens."""

from typing import Annotated

from msgspec import Meta, Struct, field


class WebhookTable(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A server of the application that is told what happens (docs/webhooks.md); the table's name is what we call it."""

    url: Annotated[
        str,
        Meta(
            description=(
                "Where it is told: `https`, on port 443 or 8443. In `dev` and `demo` also `http` and any port on "
                "loopback."
            )
        ),
    ]
    events: Annotated[
        list[str], Meta(description="Types of events it is told of; without any, of all that docs/webhooks.md lists.")
    ] = field(default_factory=list)
    secret: Annotated[
        str | None,
        Meta(
            description="`whsec_` and base64 of 24 to 64 random bytes. Refused in the file: only from the environment."
        ),
    ] = None
    secret_file: Annotated[
        str | None, Meta(description="A file that holds the secret, relative to the folder of `watchword.toml`.")
    ] = None
    previous_secret: Annotated[
        str | None,
        Meta(
            description="The one before, while the receiver may still know that one alone. Only from the environment."
        ),
    ] = None
    previous_secret_file: Annotated[str | None, Meta(description="A file that holds it.")] = None
    allow_private: Annotated[
        bool,
        Meta(
            description=(
                "Whether it may lie in your own networks or on this machine, on any port, and there be called without "
                "TLS. Link-local addresses, where clouds keep their metadata, are never called."
            )
        ),
    ] = False
