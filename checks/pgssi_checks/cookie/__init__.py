"""What the browser is told about cookies."""
