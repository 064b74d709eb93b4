"""The workspace's files: read, checked, frozen. Talks to nothing but the file system.

    model.py       settings of fleet and tenants with their defaults (the only place)
    quantity.py    durations and sizes
    document.py    YAML with line numbers; duplicate keys and foreign types are faults
    inventory.py   devices.csv and devices.yaml to devices
    credentials.py logins by reference
    workspace.py   the folder: find, load, merge, validate everything
    lock.py        devices.lock.json
    schema.py      JSON Schemas for editors
    init.py        the workspace that `tigctl init` writes
    files.py       atomic replacement of files
"""
