"""Access control: what one visitor must not see of another."""
