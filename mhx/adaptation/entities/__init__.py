"""Entities of a dialogue and their local counterparts, by the territory's localization."""
