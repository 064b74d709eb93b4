// What ports say about themselves: their rate and their state, a row for each port.
key = ["device", "site", "role", "ifName", "ifAlias"]

rate = (fields) =>
    from(bucket: "raw")
        |> range(start: -over)
        |> filter(fn: (r) => r._measurement == "interface")
        |> filter(fn: fields)
        |> derivative(unit: 1s, nonNegative: true)
        |> mean()

rateBetween = (fields, from_, to_) =>
    from(bucket: "raw")
        |> range(start: from_, stop: to_)
        |> filter(fn: (r) => r._measurement == "interface")
        |> filter(fn: fields)
        |> spread()
        |> map(fn: (r) => ({r with _value: float(v: r._value)}))

newest = (field) =>
    from(bucket: "raw")
        |> range(start: -over)
        |> filter(fn: (r) => r._measurement == "interface" and r._field == field)
        |> last()

// Two streams of ports side by side: `_value` of the first, `other` of the second. Device by device,
// for the work of a join grows with the square of its rows.
beside = (tables=<-, others) =>
    join(
        tables: {
            one: tables |> group(columns: ["device"]),
            two: others
                |> group(columns: ["device"])
                |> map(fn: (r) => ({device: r.device, ifName: r.ifName, other: float(v: r._value)})),
        },
        on: ["device", "ifName"],
    )
        |> group()

// Conditions rather than lists of names: InfluxDB then reads only these.
octets = (r) => r._field == "ifHCInOctets" or r._field == "ifHCOutOctets" or r._field == "ifInOctets" or r._field == "ifOutOctets"
packets = (r) =>
    r._field == "ifHCInUcastPkts" or r._field == "ifHCOutUcastPkts" or r._field == "ifInUcastPkts"
        or r._field == "ifOutUcastPkts"

// Of each port the larger of what several fields say.
larger = (tables=<-) => tables |> group(columns: key) |> max() |> group()
