"""The words of the page about sign-ins, one piece for each table."""

from collections.abc import Mapping
from typing import Final

from bench.risk.attackers import INSIDER, RESIDENTIAL, STOLEN_TOKEN, TAKEOVER, TAKEOVER_ABROAD, TARGETED, VPN

HEAD: Final = """## Sign-ins: synthetic traffic

**Every figure of this part is synthetic.** It was measured on made-up traffic that is calibrated on the published
statistics of the RBA data set (Wiefling et al., TOPS 2022, doi 10.1145/3546069), with simulated attackers. It shows
how the model behaves in such traffic, and how it compares with other models in the very same traffic. It does not
show how many real takeovers it catches: for that, run the same tables on the data set itself (below).

{seeds}.
Each is a stream of {users} users over 390 days, with {each} attackers of each kind. A model rates every sign-in, then
learns it, in the order of time. The first 30 days are learned only; thresholds come from the legitimate sign-ins of
days 170 to 249; all figures are of days 250 to 389, for users who had signed in before, unless said otherwise. In
brackets: 95 % intervals, from {draws} bootstrap draws of users with all that is theirs.

```sh
make bench-risk                           # writes this page; about 25 minutes on 2 cores
make bench-risk QUICK=1                   # a rough look, to build/risk-quality-quick.md
make bench-risk RBA=/data/rba-dataset.zip # the same tables for the real data set, to build/risk-quality-rba.md
```
"""
REPORTED_SEEDS: Final = "Measured on the seeds {seeds}, which nobody tuned on; tuning had 100 to 104"
TUNING_SEEDS: Final = (
    "Measured on the seeds {seeds}; those from 100 to 104 were tuned on, so **nothing here may be quoted**"
)
SHOWN: Final = """### What was asked, and what was reached
"""
REASONS: Final[Mapping[str, str]] = {
    VPN: """**Why not for the VPN attacker.** He sits in the victim's own country, in nearly half of all cases at a
consumer's provider there, with a browser like other people's. What gives him away is that network and agent are both
new for this user, and that happens to users too when they travel, replace a device, or share a connection.
""",
    TAKEOVER: """**Why not for the takeover-like attacker.** He has the published marginals: a fifth come from a network
where the user was seen before, a third show the user's own browser and system, and these overlap. One in fourteen has
both and cannot be told from the user who has a new address at home. To catch 90 % means to reach into those that look
almost like him. The row "takeover from abroad" leaves the places that the user had shown away, as the estimate did
that the figure was taken from.
""",
    TAKEOVER_ABROAD: """**Why not for the takeover from abroad.** He has the user's own browser and system in a third of
all cases, and a country that some users do travel to.
""",
}
CALIBRATION: Final = """### Is the traffic like the real one?

Each quantity that the traffic is calibrated on, beside its target; the mean over the seeds. "New given history" is
the share of sign-ins of users who had been there before that show a value for the first time. Entropies are of as
many sign-ins in a row as the published ones.
"""
AUDIT: Final = """### Do the simulated attackers have fingerprints?

An attacker takes the place of a real sign-in of his victim, at its time. What he shows is borrowed from real sign-ins
of people outside the stream, of the same days, that came from an address new for their own user. A classifier
(boosted trees, on data it was not trained on) tries to tell attackers from real sign-ins at new addresses, matched by
country and hosting, by one group of features at a time; only what is not the victim's own history, because to differ
there is what an attacker does. The area under the curve should be at most .55; ".5" is a coin. "Its kind": the
attacker differs here by what he is, such as the victim's own agent.

- **naive**: from anywhere in the world, as failed attempts are spread over countries; 54.6 % through hosting or VPN.
- **VPN**: from the victim's country; 54.6 % through hosting or VPN.
- **takeover-like**: countries, devices, browsers and familiarity of the published takeovers.
- **takeover from abroad**: the same, without a network or a country that the user had shown.
- **residential proxy**: a consumer's connection in the victim's country, with the victim's ordinary agent.
- **targeted**: the victim's own network, with the victim's ordinary agent.
- **borrowed session**: another user's whole session, wherever it is.
- **stolen cookie**: from anywhere, with the victim's agent and a valid copy of his device token.
- **same-address insider**: the victim's own address, with another device.
"""
MAIN: Final = """### How many users are asked to catch so many attackers

The share of legitimate sign-ins that is challenged where the given share of attackers is caught. Less is better. The
two rules have one point each: where that is not enough they challenge everybody.
"""
RECALL: Final = """### How many attackers are caught at a given share of challenges

Thresholds are set on the validation days so that the given share of legitimate sign-ins is challenged, and kept for
the test days. First what share that came to:
"""
COMPARED: Final = """### Where a baseline is better

Each figure against that of the best baseline for it, on the same draws of users: how many users are challenged where
90 to 99.5 % are caught, and how many attackers are caught where exactly 0.1 to 5 % of the users in the test time are
challenged. (A threshold carried over from the validation comes to another share for each model, as shown above; at
those shares the model that asks more would win.) Listed are those whose whole interval is on the wrong side.
"""
CARRIED: Final = """At the thresholds carried over from the validation, {worse} of {total} shares caught are below the
best baseline's.
"""
WORSE: Final[Mapping[str, str]] = {
    VPN: """**VPN.** Where one user in a thousand may be asked, this model asks nearly only users in a country where
they never were, most of them through a VPN, on another device. An attacker from the victim's own country comes after
them. Dirichlet counts every new value alike.
""",
    INSIDER: """**Same-address insider.** He sits where the user sits, and the model lets a familiar address speak for
him: most who come from there with another device are the user with another device. A rule that asks about every new
device catches him by its nature, and asks all those users too.
""",
    TARGETED: """**Targeted.** The rule about new addresses catches whoever has one, and has no other setting: that is
the share of users in its column. For the model, a new address in the usual network with the usual agent is what it
nearly always is, the user at home with another address. No order of these sign-ins can put the attacker first.
""",
    RESIDENTIAL: """**Residential proxy.** As with the targeted attacker, in another network of the same country: what
looks new is what looks new when the user visits somebody.
""",
    STOLEN_TOKEN: """**Stolen cookie.** He has the user's token and the user's agent, and only his place is strange. The
token counts half in a strange place, and it still counts: where few may be asked, users in a strange place without
their token are asked before him.
""",
}
"""Why a baseline can be better, by attacker."""
MEDIAN: Final = """### How often one user is asked

The figure of the literature: of the first n sign-ins that could be rated, how many the user in the middle is
challenged at, where 99 % of the attackers are caught. Published are Freeman's figures on the real data set.
"""
DEPTH: Final = """### By history

At the threshold for 1 %. A first sign-in has nothing to be compared with; Freeman's ratio does not exist for it and
counts as a challenge. What the product does with a user without a history on a new device is a rule of the policy,
not of the score: every sensitive action is challenged.
"""
ABLATIONS: Final = """### What each part is worth

Challenged where 90 % are caught. "Without the lists", nothing is known of hosting, VPN and Tor. Without a chain, its
terms are left out of the sum; "Dirichlet in place of both chains" puts the plain model's sum there instead.
"""
AGENTS: Final = """### With browsers that update themselves

The versions of the RBA data set were replaced by made-up ones. In this setting browsers update every four weeks,
nearly all of them within days, so that most new agents are newer ones. Measured on the first {side} of the seeds.
"""
LIVE: Final = """### Attackers whose deeds have consequences

Above every attacker is met as if no other had been there. Here they act. The **poisoner** types four wrong passwords,
then signs in with the right one once a week from the same place: what is not challenged is learned. If the share
caught falls from the first week to the eighth, his patience pays. The **stuffing burst** tries 400 users within half
an hour from four addresses. All at the threshold for 1 %, on the first {side} of the seeds; intervals of Clopper and
Pearson.
"""
LIMITS: Final = """### What these figures cannot say

- The model assumes that attackers and users differ in the way in which they are new, and the traffic is made by people
  who know that. The share of takeovers caught in a real shop will be lower.
- Attackers do not adapt to the model, but for the poisoner. They all have the right password.
- Places have no map: travel between countries takes the same time everywhere.
- The published statistics are themselves of a data set whose values were replaced; hours, cities and round-trip times
  mean nothing in it and are not used.
- Nobody is caught who has the user's network, his agent and his token.
"""
