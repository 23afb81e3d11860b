"""Every sentence that a customer reads, in his language: one catalogue for pages, messages and components.

Knows the customs of countries (Babel, CLDR); nothing of routes, stores or who is asking.
"""
