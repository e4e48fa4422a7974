"""What becomes of a session once it is open: its token, its life, its end."""
