"""pgssi-probe: a live black-box scanner of deployed health web applications."""

__version__ = "0.1.0"
