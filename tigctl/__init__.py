"""tigctl: from a device list to a running, isolated, verified monitoring stack per customer."""
