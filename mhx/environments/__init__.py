"""Private environments for packages that mhx cannot live with: where they lie, how they are built.

The program that runs inside imports no mhx; its client does the talking (mhx/quality).
"""

from mhx.environments.install import install
from mhx.environments.place import Environment, check, data_home, environment, names, require, state

__all__ = [
    "Environment",
    "check",
    "data_home",
    "environment",
    "install",
    "names",
    "require",
    "state",
]
