"""reasoncore: train, measure and run a compact reasoning core."""

__version__ = "0.1.0"
