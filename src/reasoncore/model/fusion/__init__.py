"""Fusion of checkpoints: their weighted average, parameter by parameter."""

from reasoncore.model.fusion.fuse import fuse

__all__ = ["fuse"]
