"""The sales read model: orders with all that follows, and a store's trade beside them.

    model, rows, tables, fold    how events become rows
    queries, part_queries        orders; after_sale, return and sourcing queries read their parts
    discount_queries, dispute_queries, stock_notice_queries, customer_queries, unfinished_queries    lists beside them
    ledger_queries, owed_fees, statistics    money
    views                        what queries return

Import queries and ``views``.
"""
