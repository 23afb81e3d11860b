"""The score: posterior log-odds that this is not the user, as a sum of terms that each come with a sentence.

One module for each family of terms. It asks nobody for facts, and adding a risk never lowers it (I12).
"""

from watchword.risk.score.evidence import Evidence
from watchword.risk.score.rating import UNRATED, Rating, rate

__all__ = ["UNRATED", "Evidence", "Rating", "rate"]
