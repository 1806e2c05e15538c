"""The version, read by the build and by `mhx --version`."""

__version__ = "0.1.0"
