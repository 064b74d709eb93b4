// What ports say about themselves: their rate and their state, a row for each port.
key = ["device", "site", "role", "ifName", "ifAlias"]

rate = (fields) =>
    from(bucket: "raw")
        |> range(start: -over)
        |> filter(fn: (r) => r._measurement == "interface" and contains(value: r._field, set: fields))
        |> derivative(unit: 1s, nonNegative: true)
        |> mean()

rateBetween = (fields, from_, to_) =>
    from(bucket: "raw")
        |> range(start: from_, stop: to_)
        |> filter(fn: (r) => r._measurement == "interface" and contains(value: r._field, set: fields))
        |> spread()
        |> map(fn: (r) => ({r with _value: float(v: r._value)}))

newest = (field) =>
    from(bucket: "raw")
        |> range(start: -over)
        |> filter(fn: (r) => r._measurement == "interface" and r._field == field)
        |> last()

// Two streams of ports side by side: `_value` of the first, `other` of the second.
beside = (tables=<-, others) =>
    join(
        tables: {
            one: tables |> group(),
            two: others
                |> group()
                |> map(fn: (r) => ({device: r.device, ifName: r.ifName, other: float(v: r._value)})),
        },
        on: ["device", "ifName"],
    )

octets = ["ifHCInOctets", "ifHCOutOctets", "ifInOctets", "ifOutOctets"]
packets = ["ifHCInUcastPkts", "ifHCOutUcastPkts", "ifInUcastPkts", "ifOutUcastPkts"]

// Of each port the larger of what several fields say.
larger = (tables=<-) => tables |> group(columns: key) |> max() |> group()
