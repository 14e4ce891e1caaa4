"""The platform's plans: what a merchant pays the platform for, and how much of it they may use."""
