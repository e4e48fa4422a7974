"""The methods that the server accepts."""
