"""The story, one file per verb: what happens between an action and its redeemed grant, told through ports alone."""
