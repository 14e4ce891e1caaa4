-- What calls to language models have used, running calls at their most: the budget that all processes share.
-- The events of calls say the same after the fact; a budget must be asked before.
create table model_spending (
    scope uuid not null,    -- a generation, or a merchant
    period text not null,   -- '' for a generation, '2026-11' for a merchant's month
    tokens bigint not null,
    cost bigint not null,   -- millionths of a US dollar
    primary key (scope, period)
);
