-- Contents of files that merchants add to the evidence of disputes (ADR 0073).
create table evidence_files (
    id uuid primary key,
    person_id uuid not null,
    sealed_key text not null,
    content bytea not null,
    kept_at timestamptz not null default now()
);

create index evidence_files_person on evidence_files (person_id);

-- Encrypted bytes do not become smaller.
alter table evidence_files alter column content set storage external;

comment on column evidence_files.sealed_key is 'The key of this content, sealed under the key of the person. Without it the content cannot be read.';
comment on column evidence_files.content is 'Twelve bytes of nonce, then the content under AES-256-GCM, bound to the id.';
