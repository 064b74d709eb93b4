// The newest state of each sensor: its status as `_value` (1 warning, 2 critical), its `text`.
// Kinds of sensors are told by their names, for no two vendors have the same.
fans = /(?i)\bfans?\b|fan ?tray|cooling|blower/
supplies = /(?i)\bpsu|\bps ?\d|power|rectifier|\bpem\b/
source = /(?i)output source|^source|batter|^ups/

states = (least) =>
    from(bucket: "raw")
        |> range(start: -over)
        |> filter(fn: (r) => r._measurement == "sensor" and r.class == "state" and r._field == "status")
        |> min()
        |> filter(fn: (r) => r._value >= least and r._value <= 2)
