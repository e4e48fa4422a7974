"""Everything that touches the network: capture, caps, scope guard, governor."""
