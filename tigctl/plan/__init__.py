"""What would change, carrying it out, and whether the result lives.

    diff      a bundle and its target -> Plan
    apply     a bundle -> its target, then data from every live device
    readings  the newest data of each device, in few queries
    health    readings -> a verdict on each device and component
    verify    data from every live device for each measurement it should give

Nothing in here knows which target it works on, and nothing prints.
"""
