"""Tests of the target `kubernetes`; a package, so that a control plane may be its fixture."""
