// What ports say about themselves: their rates and their states, a row for each port.
//
// Tables go by device, for InfluxDB's work goes by tables. A port has its name, whatever it is called;
// its row has the newest description. What is united is grouped once more, or it stays apart.
byDevice = ["device", "site", "role"]
begin = date.sub(d: over, from: now())

ports = (fields, start, stop) =>
    from(bucket: "raw")
        |> range(start: start, stop: stop)
        |> filter(fn: (r) => r._measurement == "interface")
        |> filter(fn: fields)

// The first or the last row of each port.
edge = (tables=<-, last) => tables |> sort(columns: ["_time"], desc: last) |> unique(column: "ifName")

// What each counter rose by in a second, where it was asked at both ends of that time. One that
// fell has begun anew meanwhile.
rateBetween = (fields, start, stop) => {
    counters = ["device", "site", "role", "_field"]
    points =
        union(
            tables: [
                ports(fields: fields, start: start, stop: date.add(d: longest, to: start)) |> group(columns: counters),
                ports(fields: fields, start: date.sub(d: longest, from: stop), stop: stop) |> group(columns: counters),
            ],
        )
            |> group(columns: counters)
    half = (int(v: stop) - int(v: start)) / 2000000000

    return
        union(
            tables: [
                points |> edge(last: false) |> set(key: "edge", value: "1"),
                points |> edge(last: true) |> set(key: "edge", value: "2"),
            ],
        )
            |> group(columns: counters)
            |> sort(columns: ["ifName", "edge"])
            |> duplicate(column: "_value", as: "is")
            |> difference(keepFirst: true)
            |> elapsed(unit: 1s)
            |> filter(fn: (r) => r.edge == "2" and r.elapsed >= half)
            |> map(
                fn: (r) => ({r with _value: float(v: if r._value < 0 then r.is else r._value) / float(v: r.elapsed)}),
            )
}
rate = (fields) => rateBetween(fields: fields, start: begin, stop: now())

// The same of counters that go round within minutes: from poll to poll, without those that fell.
rateOfShort = (fields) =>
    ports(fields: fields, start: begin, stop: now())
        |> derivative(unit: 1s, nonNegative: true)
        |> mean()

newest = (field) =>
    ports(fields: (r) => r._field == field, start: date.sub(d: longest, from: now()), stop: now())
        |> group(columns: byDevice)
        |> edge(last: true)

// Two streams of ports side by side: `_value` of the first, `other` of the second. Device by device,
// for the work of a join grows with the square of its rows.
beside = (tables=<-, others) =>
    join(
        tables: {
            one: tables |> group(columns: ["device"]),
            two:
                others
                    |> group(columns: ["device"])
                    |> map(fn: (r) => ({device: r.device, ifName: r.ifName, other: float(v: r._value)})),
        },
        on: ["device", "ifName"],
    )
        |> group(columns: byDevice)

// Ports that are not among others, for a tenth of what a join costs.
without = (tables=<-, others) =>
    union(tables: [others |> set(key: "order", value: "1"), tables |> set(key: "order", value: "2")])
        |> group(columns: byDevice)
        |> sort(columns: ["ifName", "order"])
        |> unique(column: "ifName")
        |> filter(fn: (r) => r.order == "2")

// Conditions rather than lists of names: InfluxDB then reads only these.
octets = (r) => r._field == "ifHCInOctets" or r._field == "ifHCOutOctets"
shortOctets = (r) => r._field == "ifInOctets" or r._field == "ifOutOctets"
packets = (r) =>
    r._field == "ifHCInUcastPkts" or r._field == "ifHCOutUcastPkts" or r._field == "ifInUcastPkts"
        or r._field == "ifOutUcastPkts"

// Of each port the largest of what several fields say.
larger = (tables=<-) =>
    tables |> group(columns: byDevice) |> sort(columns: ["_value"], desc: true) |> unique(column: "ifName")
