"""Response headers that tell the browser how to protect the user."""
