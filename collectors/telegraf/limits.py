"""The figures that polling, buffers and shards are computed from, each with its reason.

What a tenant sets stands in `Settings`; here are only bounds and costs that follow from
Telegraf, from SNMP or from measurements. Nothing here computes.
"""

from __future__ import annotations

# -- one request -------------------------------------------------------------------------

# An answer of more varbinds than this no longer fits one Ethernet frame (about 30 bytes
# each), and agents cut it short or, badly made, fall silent.
MAX_REPETITIONS = 50

# A request costs about as much as this many further varbinds in an answer (a round trip and
# two system calls against decoding one varbind): choosing max_repetitions weighs by it.
REQUEST_IN_VARBINDS = 20

# Small tables become an instance of their own where the large one asks for at least so many
# rows at once, where that saves at least this share of a poll's cost, and where the device
# needs no more than this share of its interval to answer one request after the other.
DIVIDED_FROM = 16
WORTH_DIVIDING = 0.15
QUICK_SHARE = 0.2

# Bytes of one request with its answer besides the varbinds: two IP and UDP headers (2 of 28),
# two SNMP headers (2 of 30) and the asked OID (20).
REQUEST_BYTES = 136

# Bytes of one varbind in an answer: its OID (16 to 20), its value (2 to 30), three lengths.
VARBIND_BYTES = 30

# -- waiting -----------------------------------------------------------------------------

# An answer is waited for at least twice as long as nine of ten took, plus this.
TIMEOUT_MARGIN_MS = 1_000

# Never shorter, whatever the device showed when it was probed: links get busy.
MIN_TIMEOUT_MS = 2_000

# For a device that was never probed; Telegraf's own default.
UNKNOWN_TIMEOUT_MS = 5_000

# Requests that stay unanswered are sent again this often: one packet in a hundred lost must
# not lose a poll. SNMPv3 needs one for an agent that started anew (RFC 3414, time window).
RETRIES = 2
MIN_RETRIES = 1

# A poll may fill this share of its interval before the interval is stretched.
BUSY_SHARE = 0.8

# Rows of ifTable that are assumed where nobody has counted them.
UNKNOWN_ROWS = 24

# -- ping and TCP ------------------------------------------------------------------------

# Seconds between two echo requests to one device. Each ping under way holds a raw socket, and
# the kernel copies every echo reply to every raw socket: with a second between the requests, as
# ping(8) has it, 500 devices cost four times the processor time, and thousands lose replies.
# Shorter only where the interval asks for it, and never below what Telegraf and ping(8) take
# without special rights.
PING_SPACING_S = 0.25
LEAST_PING_SPACING_S = 0.2

# Seconds to wait for the last echo reply.
PING_WAIT_S = 2

# First pings are spread over at most this: the first sign of life should come early.
PING_SPREAD_S = 20

# Seconds that a TCP handshake may take.
TCP_TIMEOUT_S = 5

# -- buffers and memory ------------------------------------------------------------------

FLUSH_INTERVAL_S = 5

# How long InfluxDB may take for one write; after an outage it has much to do.
WRITE_TIMEOUT_S = 20

# Lines of one write request. InfluxDB likes about 5,000; a small tenant's points should not
# wait for so many, but they do not: the flush interval sends whatever is there.
BATCH_POINTS = 5_000

# The buffer holds `outage` seconds of points and this many more: what comes while the flush
# after the outage is under way, and a second outage soon after the first.
BUFFER_MARGIN = 1.2
BUFFER_AT_LEAST = 10_000

# Memory of one point in Telegraf's buffer. Measured: a point of `interface` with 11 fields and
# 5 tags takes 1.6 kB.
POINT_BYTES = 1_600

# Telegraf itself with its plugins: 25 MB measured with one device, and room for its work.
BASE_BYTES = 64 * 1024 * 1024

# Memory per byte of configuration. Measured while 1.0, 3.4, 6.7 and 10 MB are read: 81 to 117
# times their size. Later it is about 77, with all plugin instances and their sockets.
CONFIG_BYTES = 120

# Above this much for the buffer, or for the configuration, devices are spread over several
# Telegrafs. 500 devices of 48 ports every 60 s need 0.7 GB of buffer for an outage of 15
# minutes, and they shall be one Telegraf.
SHARD_BYTES = 900 * 1024 * 1024

# -- texts -------------------------------------------------------------------------------

# Characters of a text that is known from probing (vendor, model, serial number …).
TEXT_LENGTH = 256
