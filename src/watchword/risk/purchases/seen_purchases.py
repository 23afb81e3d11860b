"""Learning from the purchases of one application, and from what they turned out to be."""

from watchword.risk.counts import Counts
from watchword.risk.memory.contribution import Contribution
from watchword.risk.memory.spending import Spending
from watchword.risk.purchases.new_payees import NewPayees
from watchword.risk.purchases.payee_standing import PayeeStandings
from watchword.risk.purchases.reported_sizes import ReportedSizes
from watchword.risk.purchases.usual_amounts import UsualAmounts


class Purchases:
    """What is known of the purchases of one application, in one process."""

    __slots__ = ("amounts", "new_payees", "payees", "sizes")

    def __init__(self, counts: Counts) -> None:
        self.amounts = UsualAmounts(counts)
        self.sizes = ReportedSizes(counts)
        self.payees = PayeeStandings(counts)
        self.new_payees = NewPayees(counts)

    def learn(self, contribution: Contribution, before: Spending, weight: float) -> None:
        """Learn from a contribution; ``before`` is the user's spending without it, ``weight`` what the account counts.

        A payee counts once for each user and day. With a weight below zero, what is usual is taken back; the traffic
        that reports are held against is not, because a reported purchase stays one of them.
        """
        self.amounts.learn(contribution, before, weight)
        self.new_payees.learn(contribution, before, weight)
        if weight > 0:
            self.sizes.learn(contribution, weight)
            self.payees.learn(contribution, before, weight)

    def label(self, contribution: Contribution, *, is_fraud: bool) -> None:
        """Count what a purchase turned out to be; a legitimate one counts already, because nobody reported it."""
        if is_fraud:
            self.sizes.report(contribution)
            self.payees.report(contribution)
