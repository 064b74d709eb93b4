import "array"
import "date"

option task = {name: "tigctl acme 1h", every: 1h, offset: 10m}

// time
stop = date.truncate(t: now(), unit: 1h)
start = date.sub(d: 3h, from: stop)

// mean
from(bucket: "5m")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping"
            and (r._field == "average_response_ms"
                or r._field == "minimum_response_ms"
                or r._field == "maximum_response_ms"
                or r._field == "percent_packet_loss"
                or r._field == "answered_percent"))
        or (r._measurement == "tcp"
            and (r._field == "response_ms"
                or r._field == "connected_percent"))
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
    |> aggregateWindow(every: 1h, fn: mean, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "1h")
    |> yield(name: "mean")

// max
from(bucket: "5m")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping"
            and (r._field == "average_response_ms_max"
                or r._field == "minimum_response_ms_max"
                or r._field == "maximum_response_ms_max"
                or r._field == "percent_packet_loss_max"
                or r._field == "result_code_max"))
        or (r._measurement == "tcp"
            and (r._field == "response_ms_max"
                or r._field == "result_code_max"))
        or (r._measurement == "cpu" and r._field == "usage_percent_max")
        or (r._measurement == "memory"
            and (r._field == "used_bytes_max"
                or r._field == "total_bytes_max"
                or r._field == "used_percent_max"))
        or (r._measurement == "storage"
            and (r._field == "used_bytes_max"
                or r._field == "total_bytes_max"
                or r._field == "used_percent_max"))
        or (r._measurement == "temperature" and r._field == "celsius_max")
        or (r._measurement == "sensor"
            and (r._field == "value_max"
                or r._field == "status_max"))
        or (r._measurement == "supply"
            and (r._field == "used_percent_max"
                or r._field == "level_max"
                or r._field == "capacity_max"))
        or (r._measurement == "collector"
            and (r._field == "gather_ms_max"
                or r._field == "buffer_size_max"
                or r._field == "buffer_limit_max"
                or r._field == "write_ms_max"
                or r._field == "memory_bytes_max")))
    |> aggregateWindow(every: 1h, fn: max, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "1h")
    |> yield(name: "max")

// sum
from(bucket: "5m")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping"
            and (r._field == "packets_transmitted"
                or r._field == "packets_received"))
        or (r._measurement == "interface"
            and (r._field == "ifHCInOctets_increase"
                or r._field == "ifHCOutOctets_increase"
                or r._field == "ifHCInUcastPkts_increase"
                or r._field == "ifHCOutUcastPkts_increase"
                or r._field == "ifInOctets_increase"
                or r._field == "ifOutOctets_increase"
                or r._field == "ifInUcastPkts_increase"
                or r._field == "ifOutUcastPkts_increase"
                or r._field == "ifInErrors_increase"
                or r._field == "ifOutErrors_increase"
                or r._field == "ifInDiscards_increase"
                or r._field == "ifOutDiscards_increase"))
        or (r._measurement == "collector"
            and (r._field == "errors_increase"
                or r._field == "timeouts_increase"
                or r._field == "metrics_dropped_increase"
                or r._field == "metrics_written_increase"
                or r._field == "metrics_rejected_increase"
                or r._field == "write_errors_increase")))
    |> aggregateWindow(every: 1h, fn: sum, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "1h")
    |> yield(name: "sum")

// last
from(bucket: "5m")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => (r._measurement == "ping" and r._field == "result_code")
        or (r._measurement == "tcp" and r._field == "result_code")
        or (r._measurement == "system" and r._field == "uptime_seconds")
        or (r._measurement == "interface" and r._field == "ifOperStatus")
        or (r._measurement == "sensor"
            and (r._field == "status"
                or r._field == "text")))
    |> aggregateWindow(every: 1h, fn: last, createEmpty: false, timeSrc: "_start")
    |> to(bucket: "1h")
    |> yield(name: "last")
