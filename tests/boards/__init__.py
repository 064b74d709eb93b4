"""How the boards in dashboards/ are written: `python -m tests.boards` writes them anew.

The JSON files are the product; this keeps what they have in common in one place. What a person
saves from Grafana instead is fine as well, but then a test asks for the change here too.

Each board is a module of its name, each of its rows a function in the order of the board. They
are made of `panels`, `columns`, `variables` and the `model` below them. What several boards ask is
in `flux`, `alive`, `worst` and `ports`; long queries of one board are in `device_flux`, `busiest`.
"""
