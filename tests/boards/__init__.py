"""How the boards in dashboards/ are written: `python -m tests.boards` writes them anew.

The JSON files are the product; this keeps what they have in common in one place. What a person
saves from Grafana instead is fine as well, but then a test asks for the change here too.
"""
