"""Where the outside is: databases, brokers, models, suppliers, payments. Each module implements ports of ``domain``,
``commands`` or ``consumers``; vendor exceptions end here.
"""
