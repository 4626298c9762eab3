"""Test-time compute: from several trajectories of one question to one answer."""
