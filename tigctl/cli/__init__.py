"""The command line. Reads options, calls the layers below, prints; decides nothing else.

main.py      the program: errors to text and exit codes
lazy.py      commands are imported when they are run, so that `--help` answers at once
options.py   options and arguments that several commands share, with shell completion
place.py     from options to the workspace and its tenants
stack.py     from a tenant to its target and its bundle
output.py    data to standard output, talk to standard error; nothing a terminal obeys
tables.py    tables of at most 100 columns
progress.py  what a long step shows while it runs
commands/    one module per command, each with its function `command`
"""
