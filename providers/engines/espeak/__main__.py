"""``python -m providers.engines.espeak``."""

from providers.engines.espeak.engine import main

if __name__ == "__main__":
    main()
