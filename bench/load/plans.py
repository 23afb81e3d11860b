"""What the load generator is told to do: the requests of a cycle, and how many at once. It knows no server."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ADDRESS = "u{user}@bench.example"
"""The e-mail address of a user; the load generator reads his number from it when the code comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A text of an answer that a later request needs."""

    name: str
    after: str
    """What stands before it; it goes on to the next quotation mark."""
    is_kept: bool = False
    """Whether it outlives the cycle, such as the token of a device; then an answer without it changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a cycle; ``{user}``, ``{ip}``, ``{code}``, ``{turn}`` and captured names are filled in."""

    name: str
    method: str = "POST"
    path: str
    headers: tuple[str, ...] = ()
    body: str
    status: int
    expects: str
    """What a right answer holds."""
    captures: tuple[Capture, ...] = ()

    def lines(self) -> list[str]:
        """Return the step as the load generator reads it."""
        return [
            f"step {self.name}",
            f"method {self.method}",
            f"path {self.path}",
            *(f"header {header}" for header in self.headers),
            f"body {self.body}",
            f"status {self.status}",
            f"expect {self.expects}",
            *(f"{'keep' if one.is_kept else 'capture'} {one.name} {one.after}" for one in self.captures),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run of the load generator."""

    port: int
    steps: Sequence[Step]
    connections: int
    measured_s: float
    warm_s: float = 0.0
    first_user: int = 0
    users: int
    datagram_port: int = 0
    """Where codes come as datagrams of ``ADDRESS CODE``; 0: nowhere."""
    smtp_port: int = 0
    """Where codes come as e-mail; 0: nowhere."""
    cycles_most: int = 0
    """Ends the run early; 0: it lasts its time."""
    values: Path | None = None
    """Where kept texts are read from at first and written to at last, for another run to go on with."""
    waiting_most: int = 1_024
    """Cycles whose code may be on its way at once."""

    def text(self) -> str:
        """Return the plan as the load generator reads it."""
        head = [
            f"target_port {self.port}",
            f"datagram_port {self.datagram_port}",
            f"smtp_port {self.smtp_port}",
            f"connections {self.connections}",
            f"warm_s {self.warm_s}",
            f"measured_s {self.measured_s}",
            f"cycles_most {self.cycles_most}",
            f"first_user {self.first_user}",
            f"users {self.users}",
            f"waiting_most {self.waiting_most}",
        ]
        head += [] if self.values is None else [f"values {self.values}"]
        return "\n".join([*head, *(line for step in self.steps for line in step.lines())]) + "\n"
