"""What of the operation of the site can be reached from outside."""
