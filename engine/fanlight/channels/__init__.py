"""What goes beside the picture. Each channel is one module with one permission, bounded in size and rate."""
