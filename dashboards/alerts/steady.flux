// The smallest value of each series, where it was asked for at least half of `over`: what has
// only just begun is not steady.
steady = (tables=<-) =>
    tables
        |> reduce(
            identity: {_value: float(v: "+Inf"), since: 9223372036854775807},
            fn: (r, accumulator) => ({
                    _value: if float(v: r._value) < accumulator._value then float(v: r._value) else accumulator._value,
                    since: if int(v: r._time) < accumulator.since then int(v: r._time) else accumulator.since,
                }),
        )
        |> filter(fn: (r) => (int(v: now()) - r.since) * 2 >= int(v: over))
