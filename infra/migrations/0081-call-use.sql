-- What each recorded answer used. The answers are kept: a replay of a generation reads them again.
alter table answers add column use jsonb;
comment on table answers is 'what outside calls answered';
