"""The comparability licence: how many anchors, what they show, the certificate, its use."""

from mhx.stats.anchors.certificate import read_certificate, write_certificate
from mhx.stats.anchors.licence import licence

__all__ = ["licence", "read_certificate", "write_certificate"]
