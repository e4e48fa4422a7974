"""Compatibility: what stands between people and the application must not break it."""
