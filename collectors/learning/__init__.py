"""A first profile for a device that nobody knows: what it offers, and what that may be.

model.py      what was seen, and what is proposed
walk.py       everything a device tells below a root, politely (sends packets)
shapes.py     from objects to tables and scalars, without a MIB
columns.py    what a column looks like: names, units, percentages, states
propose.py    from tables to proposals, each with its reason
skeleton.py   the profile as YAML
"""
