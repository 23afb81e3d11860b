"""Facts about the outside, one file per product or protocol, each keeping a promise made in ports."""
