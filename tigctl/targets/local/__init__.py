"""The local target: InfluxDB and Telegraf as processes of this machine, under supervisord.

    layout      where everything lies below WORKSPACE/.tigctl/local/TENANT
    state       what has to be remembered from one call to the next (the port, the ping method)
    locks       who holds which lock: one tigctl per tenant, one process per program
    launch      starts one program with a clean environment (run by itself, standard library only)
    programs    command lines and environments of influxd and telegraf
    supervisor  the supervisord of a tenant: configuration, start, stop, states
    network     free ports, and who listens on one
    recovery    the way back into an InfluxDB whose operator's token is lost
    polling     Telegraf's configurations: checked, put in place, compared
    resources   what is wanted and what is there, in the form a plan compares
    target      the verbs; brings the modules above together
    boot        starts a stack as it was applied, for the time after a reboot

Nothing outside this package knows about supervisord, and nothing in here about devices.
"""
