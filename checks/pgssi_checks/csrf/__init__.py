"""Requests that another site may make a browser send in the name of its user."""
