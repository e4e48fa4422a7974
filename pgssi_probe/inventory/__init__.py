"""What the application offers each visitor: addresses, parameters, methods, and references to objects in them."""
