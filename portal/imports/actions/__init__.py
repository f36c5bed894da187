"""What changes batches: opening, doing and undoing them."""
