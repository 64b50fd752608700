"""Looking ahead: what the SOPs will send, found by playing them on a virtual clock in a copy of the state."""
