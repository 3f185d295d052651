"""Files of any common shape become traces and problems; what cannot be read is quarantined, never lost."""
