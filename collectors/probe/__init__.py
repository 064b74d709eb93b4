"""Finding out about devices: who each one is, what it can tell, or why it is silent.

`run.probe` is the way in; `device` probes one, `survey` counts what it answers, `words` puts
failures into words. What is worth asking for is `collectors.knowledge`'s business, how to ask
is `collectors.snmp`'s.
"""
