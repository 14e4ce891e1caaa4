-- Search: trigrams find the word that was meant, and btree_gin keeps them in one index with the store. Both are trusted:
-- the owner of a database may create them.
create extension if not exists pg_trgm with schema public;
create extension if not exists btree_gin with schema public;
