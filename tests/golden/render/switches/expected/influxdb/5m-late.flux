import "array"
import "date"

option task = {name: "tigctl acme 5m late", every: 1h, offset: 3m}

// time
latest = date.truncate(t: now(), unit: 5m)
failed =
    (from(bucket: "raw")
        |> range(start: date.sub(d: 5400s, from: latest), stop: latest)
        |> filter(fn: (r) => r._measurement == "collector" and r._field == "write_errors")
        |> difference(nonNegative: true, initialZero: true)
        |> filter(fn: (r) => r._value > 0.0)
        |> group()
        |> count()
        |> findColumn(fn: (key) => true, column: "_value"))
stop = if length(arr: failed) > 0 then latest else 1980-01-01T00:00:00Z
start = date.sub(d: 5400s, from: stop)

// means of gauges
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping"
            and (r._field == "average_response_ms"
                or r._field == "minimum_response_ms"
                or r._field == "maximum_response_ms"
                or r._field == "percent_packet_loss"))
        or (r._measurement == "tcp" and r._field == "response_ms")
        or (r._measurement == "cpu" and r._field == "usage_percent")
        or (r._measurement == "memory"
            and (r._field == "used_bytes"
                or r._field == "total_bytes"
                or r._field == "used_percent"))
        or (r._measurement == "storage"
            and (r._field == "used_bytes"
                or r._field == "total_bytes"
                or r._field == "used_percent"))
        or (r._measurement == "temperature" and r._field == "celsius")
        or (r._measurement == "sensor" and r._field == "value" and r.class != "state")
        or (r._measurement == "supply"
            and (r._field == "used_percent"
                or r._field == "level"
                or r._field == "capacity"))
        or (r._measurement == "collector"
            and (r._field == "gather_ms"
                or r._field == "buffer_size"
                or r._field == "buffer_limit"
                or r._field == "write_ms"
                or r._field == "memory_bytes")))
    |> aggregateWindow(every: 5m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "5m")
    |> yield(name: "means of gauges")

// maxima of gauges
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping"
            and (r._field == "average_response_ms"
                or r._field == "minimum_response_ms"
                or r._field == "maximum_response_ms"
                or r._field == "percent_packet_loss"))
        or (r._measurement == "tcp" and r._field == "response_ms")
        or (r._measurement == "cpu" and r._field == "usage_percent")
        or (r._measurement == "memory"
            and (r._field == "used_bytes"
                or r._field == "total_bytes"
                or r._field == "used_percent"))
        or (r._measurement == "storage"
            and (r._field == "used_bytes"
                or r._field == "total_bytes"
                or r._field == "used_percent"))
        or (r._measurement == "temperature" and r._field == "celsius")
        or (r._measurement == "sensor" and r._field == "value" and r.class != "state")
        or (r._measurement == "supply"
            and (r._field == "used_percent"
                or r._field == "level"
                or r._field == "capacity"))
        or (r._measurement == "collector"
            and (r._field == "gather_ms"
                or r._field == "buffer_size"
                or r._field == "buffer_limit"
                or r._field == "write_ms"
                or r._field == "memory_bytes")))
    |> aggregateWindow(every: 5m, fn: max, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({r with _field: r._field + "_max"}))
    |> to(bucket: "5m")
    |> yield(name: "maxima of gauges")

// sums of counts
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping"
            and (r._field == "packets_transmitted"
                or r._field == "packets_received")))
    |> aggregateWindow(every: 5m, fn: sum, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "5m")
    |> yield(name: "sums of counts")

// ping: answered_percent
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => r._measurement == "ping" and r._field == "percent_packet_loss")
    |> map(fn: (r) => ({r with _field: "answered_percent", _value: if r._value < 100.0 then 100.0 else 0.0}))
    |> aggregateWindow(every: 5m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "5m")
    |> yield(name: "answered_percent")

// tcp: connected_percent
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => r._measurement == "tcp" and r._field == "result_code")
    |> map(fn: (r) => ({r with _field: "connected_percent", _value: if r._value == 0 then 100.0 else 0.0}))
    |> aggregateWindow(every: 5m, fn: mean, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "5m")
    |> yield(name: "connected_percent")

// last states and texts
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping" and r._field == "result_code")
        or (r._measurement == "tcp" and r._field == "result_code")
        or (r._measurement == "system" and r._field == "uptime_seconds")
        or (r._measurement == "sensor"
            and (r._field == "status"
                or r._field == "text")))
    |> aggregateWindow(every: 5m, fn: last, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "5m")
    |> yield(name: "last states and texts")

// worst of faults
from(bucket: "raw")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping" and r._field == "result_code")
        or (r._measurement == "tcp" and r._field == "result_code")
        or (r._measurement == "sensor" and r._field == "status"))
    |> aggregateWindow(every: 5m, fn: max, createEmpty: false, timeSrc: "_start")
    |> map(fn: (r) => ({r with _field: r._field + "_max"}))
    |> to(bucket: "5m")
    |> yield(name: "worst of faults")

// interfaces: increases of counters, last states
counters = [
    "ifHCInOctets",
    "ifHCOutOctets",
    "ifHCInUcastPkts",
    "ifHCOutUcastPkts",
    "ifInErrors",
    "ifOutErrors",
    "ifInDiscards",
    "ifOutDiscards",
]
kept = (tables=<-, tags) =>
    tables
        |> group(columns: ["_measurement", "device", "site", "role"])
        |> pivot(
            rowKey: array.concat(arr: tags, v: ["_time"]),
            columnKey: ["_field"],
            valueColumn: "_value",
        )
        |> sort(columns: ["_time"])
        |> group(columns: ["_measurement", "device", "site", "role", "ifName"])
        |> difference(columns: counters, nonNegative: true, initialZero: true)
        |> range(start: start, stop: stop)
        |> window(every: 5m)
        |> cumulativeSum(columns: counters)
        |> group(columns: ["_measurement", "device", "site", "role", "_start", "_stop"])
        |> sort(columns: ["_time"], desc: true)
        |> unique(column: "ifName")
        |> duplicate(column: "_start", as: "_time")
        |> to(
            bucket: "5m",
            tagColumns: array.concat(arr: ["device", "site", "role"], v: tags),
            fieldFn: (r) => ({
            ifHCInOctets_increase: r.ifHCInOctets,
            ifHCOutOctets_increase: r.ifHCOutOctets,
            ifHCInUcastPkts_increase: r.ifHCInUcastPkts,
            ifHCOutUcastPkts_increase: r.ifHCOutUcastPkts,
            ifInErrors_increase: r.ifInErrors,
            ifOutErrors_increase: r.ifOutErrors,
            ifInDiscards_increase: r.ifInDiscards,
            ifOutDiscards_increase: r.ifOutDiscards,
            ifOperStatus: r.ifOperStatus,
        }),
        )

from(bucket: "raw")
    |> range(start: date.sub(d: 150s, from: start), stop: stop)
    |> filter(fn: (r) => r._measurement == "interface"
            and (r._field == "ifHCInOctets"
                or r._field == "ifHCOutOctets"
                or r._field == "ifHCInUcastPkts"
                or r._field == "ifHCOutUcastPkts"
                or r._field == "ifInErrors"
                or r._field == "ifOutErrors"
                or r._field == "ifInDiscards"
                or r._field == "ifOutDiscards"
                or r._field == "ifOperStatus"))
    |> filter(fn: (r) => exists r.ifAlias)
    |> kept(tags: ["ifName", "ifAlias"])
    |> yield(name: "interfaces")

from(bucket: "raw")
    |> range(start: date.sub(d: 150s, from: start), stop: stop)
    |> filter(fn: (r) => r._measurement == "interface"
            and (r._field == "ifHCInOctets"
                or r._field == "ifHCOutOctets"
                or r._field == "ifHCInUcastPkts"
                or r._field == "ifHCOutUcastPkts"
                or r._field == "ifInErrors"
                or r._field == "ifOutErrors"
                or r._field == "ifInDiscards"
                or r._field == "ifOutDiscards"
                or r._field == "ifOperStatus"))
    |> filter(fn: (r) => not exists r.ifAlias)
    |> kept(tags: ["ifName"])
    |> yield(name: "interfaces without description")

// interfaces: increases of 32-bit counters
restarts =
    from(bucket: "raw")
        |> range(start: date.sub(d: 150s, from: start), stop: stop)
        |> filter(fn: (r) => r._measurement == "system" and r._field == "uptime_seconds")
        |> duplicate(column: "_value", as: "is")
        |> difference(keepFirst: true)
        |> elapsed(unit: 1s)
        |> filter(fn: (r) => r._value < 0.0)
        |> filter(fn: (r) => r.is - r._value + float(v: r.elapsed) < 42949613.0)
when = (device, t) => device + " " + string(v: date.truncate(t: t, unit: 5m))
restarted =
    (union(
        // Tables are read some seconds after the uptime.
        tables: [
            restarts |> map(fn: (r) => ({at: when(device: r.device, t: r._time)})),
            restarts
                |> timeShift(duration: 30s)
                |> map(fn: (r) => ({at: when(device: r.device, t: r._time)})),
        ],
    )
        |> group()
        |> findColumn(fn: (key) => true, column: "at"))
increase = (r) =>
    if r._value >= 0 then
        r._value
    else if r._value >= -2147483648
            or contains(value: when(device: r.device, t: r._time), set: restarted) then
        r.is
    else
        r._value + 4294967296

from(bucket: "raw")
    |> range(start: date.sub(d: 150s, from: start), stop: stop)
    |> filter(fn: (r) => r._measurement == "interface"
            and (r._field == "ifInOctets"
                or r._field == "ifOutOctets"
                or r._field == "ifInUcastPkts"
                or r._field == "ifOutUcastPkts"))
    |> duplicate(column: "_value", as: "is")
    |> difference()
    |> filter(fn: (r) => r._time >= start)
    |> map(fn: (r) => ({r with _value: increase(r: r)}))
    |> window(every: 5m)
    |> sum()
    |> map(fn: (r) => ({r with _time: r._start, _field: r._field + "_increase"}))
    |> to(bucket: "5m")
    |> yield(name: "short counters")

// increases of Telegraf's own counters
from(bucket: "raw")
    |> range(start: date.sub(d: 150s, from: start), stop: stop)
    |> filter(fn: (r) => r._measurement == "collector"
            and (r._field == "errors"
                or r._field == "timeouts"
                or r._field == "metrics_dropped"
                or r._field == "metrics_written"
                or r._field == "metrics_rejected"
                or r._field == "write_errors"))
    |> difference(nonNegative: true, initialZero: true)
    |> filter(fn: (r) => r._time >= start)
    |> window(every: 5m)
    |> sum()
    |> map(fn: (r) => ({r with _time: r._start, _field: r._field + "_increase"}))
    |> to(bucket: "5m")
    |> yield(name: "collector")
