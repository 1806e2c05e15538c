"""Human anchors: the offline rating form, its key, and reading what raters saved."""

from mhx.anchoring.export import Exported, export_form
from mhx.anchoring.key import read_key, read_rubric
from mhx.anchoring.read import read_ratings

__all__ = ["Exported", "export_form", "read_key", "read_ratings", "read_rubric"]
