"""The workspace's files: read, checked, frozen. Talks to nothing but the file system.

Words and places
- model.py, stack.py, credentials.py: settings with their defaults (the only place)
- fields.py, quantity.py: types of single values; durations and sizes
- keys.py, translate.py, faults.py: which keys are known where; faults in our words
Reading
- text.py, document.py, table.py: files as text, YAML with line numbers, CSV
- row.py, inventory.py: devices.csv and devices.yaml to devices
- layers.py: built in, fleet, class, tenant merged to one tenant's settings
- check.py, ranges.py, neighbours.py, misplaced.py: what only several keys or files can tell
- workspace.py: the folder: find, load, validate everything
- lock.py: devices.lock.json
Writing
- files.py: atomic replacement of files
- init.py: the workspace that `tigctl init` writes
- schema.py: JSON Schemas for editors
"""
