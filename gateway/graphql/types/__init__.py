"""The schema's object types: each is made from a read model's view and reads what hangs below it through its parent."""
