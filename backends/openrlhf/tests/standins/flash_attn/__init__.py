"""So that OpenRLHF can be imported on a machine without a GPU; nothing of it is called."""
