"""Run the command line with `python -m ragsight`."""

from ragsight.cli import main

if __name__ == "__main__":
    main()
