"""`python -m tigctl` is the same program as `tigctl`."""

from tigctl.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
