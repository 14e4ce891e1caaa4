"""Folds the log into tables: runner, checkpoints, decoding, poison records. Imported by infra only."""
