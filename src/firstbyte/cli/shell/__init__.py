"""What all commands share: the group, grouped help, value types, outputs, faults, running."""
