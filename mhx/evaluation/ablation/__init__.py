"""Which adaptation changed which outcome: adapters on texts that differ in their edits alone."""
