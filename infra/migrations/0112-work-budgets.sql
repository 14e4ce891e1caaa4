-- Supplier calls and image seconds have budgets too, beside the tokens and the money of language models.
alter table model_spending
    add column supplier_calls bigint not null default 0,
    add column image_seconds double precision not null default 0;
comment on table model_spending is 'what agents have used, running calls at their most';
