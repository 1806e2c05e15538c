"""Corpora: reading the user's files, personal data, near-duplicates, splits, memories, frames."""
