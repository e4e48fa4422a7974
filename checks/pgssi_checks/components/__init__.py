"""What the site is made of, and whether it is still maintained."""
