"""What the page asks the browser to load, run and keep."""
