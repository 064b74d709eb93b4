"""Tests of the target `kubernetes` on a real control plane."""
