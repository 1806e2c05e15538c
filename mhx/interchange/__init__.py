"""XLIFF 2.0, the format of translation editors, written and read unit by unit."""
