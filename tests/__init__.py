"""All tests, and what they share: unit, golden and docs are quick, integration is on real parts."""
