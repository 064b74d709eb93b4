// Devices that are asked and give no sign of life: neither an echo, nor SNMP, nor an open port.
// Who was not asked (no collector) is not down. `downNames` are their names.
asked =
    union(
        tables: [
            from(bucket: "raw")
                |> range(start: -longest)
                |> filter(fn: (r) => r._measurement == "ping" and r._field == "packets_transmitted")
                |> filter(fn: (r) => pinged(r: r))
                |> last(),
            from(bucket: "raw")
                |> range(start: -longest)
                |> filter(fn: (r) => r._measurement == "collector" and r._field == "gather_ms" and exists r.device)
                |> filter(fn: (r) => polled(r: r))
                |> last(),
        ],
    )
        |> filter(fn: (r) => age(r: r) <= patience(r: r))
        |> watched()
        |> map(fn: (r) => ({r with _value: 0.0}))

alive =
    union(
        tables: [
            from(bucket: "raw")
                |> range(start: -longest)
                |> filter(fn: (r) => r._measurement == "ping" and r._field == "packets_received")
                |> filter(fn: (r) => r._value > 0)
                |> last(),
            from(bucket: "raw")
                |> range(start: -longest)
                |> filter(fn: (r) => r._measurement == "system" and r._field == "uptime_seconds")
                |> last()
                |> toInt(),
            from(bucket: "raw")
                |> range(start: -longest)
                |> filter(fn: (r) => r._measurement == "tcp" and r._field == "result_code")
                |> filter(fn: (r) => r._value == 0)
                |> last(),
        ],
    )
        |> filter(fn: (r) => age(r: r) <= patience(r: r))
        |> map(fn: (r) => ({r with _value: 1.0}))

everybody =
    union(tables: [asked, alive])
        |> group(columns: ["device", "site", "role"])
        |> reduce(
            identity: {signs: 0.0, questions: 0.0},
            fn: (r, accumulator) => ({
                    signs: accumulator.signs + r._value,
                    questions: accumulator.questions + 1.0 - r._value,
                }),
        )
        |> filter(fn: (r) => r.questions > 0.0)
        |> map(fn: (r) => ({r with _value: if r.signs > 0.0 then 0.0 else 1.0}))
        |> group()

down = everybody |> filter(fn: (r) => r._value > 0.0)
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
