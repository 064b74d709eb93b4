"""Targets: where a bundle is made real. One package per target behind the same verbs."""
