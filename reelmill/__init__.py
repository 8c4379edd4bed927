"""Reelmill: catalog in, reels out.

The engine. It knows nothing of Prefect; the flows and tasks that wire it are in ``flows/`` and ``tasks/``.
"""

__version__ = "0.1.0"
