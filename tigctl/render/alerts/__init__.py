"""Alert rules: from files of YAML and a tenant's settings to complete Flux queries. Pure.

model.py   what a rule is, and reading its file
load.py    all rules of a tenant: its own, the workspace's, the shipped ones
flux.py    a rule and a tenant's devices -> the query that returns rows only when it fires
cases.py   a rule's own cases: made series, and what must fire
"""
