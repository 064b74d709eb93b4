"""Tests on real programs. Packages, so that a fixture may end with the last test of a folder."""
