"""``python -m mhx`` and ``accelerate launch -m mhx``."""

from mhx.cli import main

main()
