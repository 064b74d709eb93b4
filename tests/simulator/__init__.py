"""Simulated SNMP devices: a fast farm for benchmarks, and the devices of the demo.

    ber           what SNMP messages are made of, encoded and decoded
    model         the objects of one simulated device, ready to send
    farm          thousands of such devices behind one socket, in one process
    recordings    snmpsim recordings cut to what a monitor asks, with counters that move
    demo          the devices of examples/noc: starts, checks and stops them (scripts/devices)

Nothing here is part of the product, and nothing here imports it.
"""
