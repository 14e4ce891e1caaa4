"""The bench of growth: what a read costs in a large platform, next to one of a hundredth of its size."""
