"""Scenarios: whole conversations written down in YAML, held with a server or in virtual time, and judged.

::

    YAML ─▶ reading ─▶ Scenario ─▶ caller's script ─┐
                          │                         ├─▶ run (virtual | live) ─▶ Take: events, sound
                          └─▶ expectations ─────────┴────────▶ judging ─▶ verdicts ─▶ console, JSON, JUnit, HTML
"""
