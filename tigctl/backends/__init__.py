"""Adapters to the servers of a stack; each keeps its client library to itself."""
