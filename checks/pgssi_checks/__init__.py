"""The checks shipped with pgssi-probe, one YAML declaration and one module each."""
