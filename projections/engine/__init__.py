"""Folds the log into tables: runner, checkpoints, decoding, poison records. Only infra imports it; read models import ``tables``."""
