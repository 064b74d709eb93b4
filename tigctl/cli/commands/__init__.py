"""One module per command of tigctl; each holds one click command named `command`."""
