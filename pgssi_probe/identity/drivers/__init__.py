"""Ways to sign in, one a module: `plan` chooses, `signing` calls."""
