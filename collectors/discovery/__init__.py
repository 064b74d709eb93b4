"""Finding devices: which addresses of a network answer ping or SNMP, and who is there.

    targets    the addresses of a sweep, without what is excluded
    pacing     how many packets may leave now
    echo       pings from one socket
    wire       datagrams to many agents from one socket
    asking     one request per login, encoded once; answers taken apart
    sweep      the loop that sends, listens and remembers where it is
    interview  what a single device is asked once it is known to be there
    model      what goes in and what comes out
    compare    what was found against what is listed

`sweep.sweep` is the way in. It writes no file: what is kept from an interrupted sweep, and
what goes into the inventory, is decided by whoever calls.
"""
