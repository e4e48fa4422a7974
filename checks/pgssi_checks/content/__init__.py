"""What the site tells people: notices, terms, privacy, hosting, support. Presence is seen, never conformity."""
