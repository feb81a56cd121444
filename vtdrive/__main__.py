"""`python -m vtdrive`."""

from vtdrive.cli import main

if __name__ == "__main__":
    main()
