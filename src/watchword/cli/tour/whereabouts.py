"""Where a server answers and with which key, as ``dev --json`` says it."""

from dataclasses import dataclass

from watchword.domain.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """A server to play against."""

    api: str
    key: Secret
    inbox: str
