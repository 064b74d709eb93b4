"""From the spec, the lock and the profiles to a bundle. Pure: same input, same bytes."""
