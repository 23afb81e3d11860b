"""What the purchases of one application look like: amounts, sizes that were reported, payees.

Everything is kept in the ``Counts`` of the application's population, so that processes add up what they learn. It names
no user, and payees only as keyed hashes.
"""

from watchword.risk.purchases.new_payees import NewPayees
from watchword.risk.purchases.payee_standing import PayeeStandings, Standing
from watchword.risk.purchases.reported_sizes import ReportedSizes
from watchword.risk.purchases.seen_purchases import Purchases
from watchword.risk.purchases.usual_amounts import Usual, UsualAmounts

__all__ = ["NewPayees", "PayeeStandings", "Purchases", "ReportedSizes", "Standing", "Usual", "UsualAmounts"]
