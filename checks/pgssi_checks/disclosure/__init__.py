"""What the site tells about how it is built, and what it leaves lying about."""
