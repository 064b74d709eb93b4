// Devices that are asked and give no sign of life: neither an echo, nor SNMP, nor an open port.
// Who was not asked (no collector) is not down. `downNames` are their names.
//
// All devices are one table, each of them a row: InfluxDB's work goes by tables.
signs = (fn) =>
    from(bucket: "raw")
        |> range(start: -longest)
        |> filter(fn: fn)
        |> group()
        |> sort(columns: ["_time"], desc: true)
        |> unique(column: "device")
        |> keep(columns: ["device", "site", "role", "_time"])
        |> fresh()

asked =
    union(
        tables: [
            signs(fn: (r) => r._measurement == "ping" and r._field == "packets_transmitted") |> askedByPing(),
            signs(fn: (r) => r._measurement == "collector" and r._field == "gather_ms" and exists r.device)
                |> askedBySnmp(),
        ],
    )
        |> group()
        |> watched()
        |> unique(column: "device")

alive =
    union(
        tables: [
            signs(fn: (r) => r._measurement == "ping" and r._field == "packets_received" and r._value > 0),
            signs(fn: (r) => r._measurement == "system" and r._field == "uptime_seconds"),
            signs(fn: (r) => r._measurement == "tcp" and r._field == "result_code" and r._value == 0),
        ],
    )

// Devices that are not among others.
otherThan = (tables=<-, others) =>
    union(tables: [others |> set(key: "order", value: "1"), tables |> set(key: "order", value: "2")])
        |> group()
        |> sort(columns: ["device", "order"])
        |> unique(column: "device")
        |> filter(fn: (r) => r.order == "2")

down = asked |> otherThan(others: alive) |> map(fn: (r) => ({r with _value: 1.0}))
everybody =
    union(tables: [down, asked |> otherThan(others: down) |> map(fn: (r) => ({r with _value: 0.0}))])
        |> group()
downNames = down |> findColumn(fn: (key) => true, column: "device")

// The first one on the way up that is down as well, and how many wait behind a device.
behind = (r) => length(arr: array.filter(arr: chain(r: r), fn: (x) => contains(value: x, set: downNames))) > 0
waiting = (r) =>
    length(
        arr:
            array.filter(
                arr: downNames,
                fn: (x) => contains(value: r.device, set: chain(r: {device: x})),
            ),
    )

// Sites where so much is down at once, with no common root, that the site itself is the trouble.
roots = down |> filter(fn: (r) => not behind(r: r))
badSites = (share, least) =>
    everybody
        |> filter(fn: (r) => exists r.site and r.site != "")
        |> map(fn: (r) => ({r with root: if r._value > 0.0 and not behind(r: r) then 1.0 else 0.0}))
        |> group(columns: ["site"])
        |> reduce(
            identity: {all: 0.0, down: 0.0, roots: 0.0},
            fn: (r, accumulator) => ({
                    all: accumulator.all + 1.0,
                    down: accumulator.down + r._value,
                    roots: accumulator.roots + r.root,
                }),
        )
        |> filter(fn: (r) => r.down >= least and r.roots > 1.0 and r.down / r.all * 100.0 >= share)
