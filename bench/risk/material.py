"""What is measured on: a stream with the people to borrow from, made or read."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bench.risk.ambush import LENT, lay_ambush, split_donors
from bench.risk.contest import SPLIT, Attacks, Split
from bench.risk.donors import Donors
from bench.risk.happenings import Happening
from bench.risk.traffic import make_traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """One stream, ready to be played."""

    happenings: Sequence[Happening]
    donors: Donors
    attacks: Attacks
    split: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Made traffic by its seed; small enough to be handed to another process, which makes it there."""

    seed: int
    users: int
    """In the stream; those who are borrowed from come on top."""
    each: int
    """Attackers of each kind."""
    is_realistic: bool = False

    def material(self) -> Material:
        """Return the traffic: the same every time."""
        traffic = make_traffic(self.seed, users=round(self.users / (1 - LENT)), is_realistic=self.is_realistic)
        stream, lent = split_donors(traffic.happenings, LENT, Random(self.seed))
        donors = Donors(lent, traffic.geography.infrastructure())
        attacks = lay_ambush(stream, donors, Random(self.seed + 1), each=self.each)
        return Material(happenings=stream, donors=donors, attacks=attacks, split=SPLIT)
