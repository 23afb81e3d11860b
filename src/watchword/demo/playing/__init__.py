"""Playing: the visitor as many people at one desk, the phone beside the shop, the attacks and the guided tour."""
