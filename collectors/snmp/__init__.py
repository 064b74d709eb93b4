"""SNMP v1, v2c and v3 as a command generator: the only package that imports pysnmp.

`credentials` turns a login and its secrets into keys, `Session` asks one device with them.
Messages are put together and taken apart here (`ber`, `message`, `usm`), because an answer
that pysnmp's strict decoder refuses is dropped there without a word, and because decoding a
row costs 50 µs there and 3 µs here, which decides about a thousand devices. pysnmp does what
must not be written twice: keys of the User-based Security Model, and its ciphers.

What to ask a device for is none of this package's business: see `collectors.probe`.
"""
