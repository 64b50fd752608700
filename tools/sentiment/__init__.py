"""How the sentiment model learns and is measured: ``python -m tools.sentiment``."""
