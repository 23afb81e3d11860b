"""The commands about policies: one module for what each is for, put together in ``policy_commands``."""
