--liquibase formatted sql

--changeset nightshift:vault-1
create schema vault;
grant usage on schema vault to ${app_role};

-- One row: which master key this repository was written under, so that a start with another one is refused.
create table vault.master_key (
    only_row    boolean primary key default true check (only_row),
    fingerprint text not null,
    created_at  timestamptz not null default now()
);
grant select, insert on vault.master_key to ${app_role};

-- A project's key-encryption keyset, wrapped by the master key with the project's id as associated data.
create table vault.project_key (
    project_id uuid primary key references fleet.project (id),
    wrapped    text not null,
    created_at timestamptz not null default now()
);
alter table vault.project_key enable row level security;
create policy project on vault.project_key
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on vault.project_key to ${app_role};
--rollback drop table vault.project_key; drop table vault.master_key; drop schema vault;

--changeset nightshift:vault-2
-- When the master key was last exchanged for another one.
alter table vault.master_key add column rotated_at timestamptz;
--rollback alter table vault.master_key drop column rotated_at;

--changeset nightshift:vault-70
-- Of the keys for backups, by their ids: when they were made, first exported or put into a kit, and destroyed. What has no time of its
-- making came with the project.
alter table vault.project_key add column backup_keys jsonb not null default '{}';
--rollback alter table vault.project_key drop column backup_keys;

--changeset nightshift:vault-71
-- Where the master key lies in a KMS: its URI as it was given, and random bytes that it wrapped, by which it is known again.
alter table vault.master_key add column kms_uri text, add column kms_check text,
    add constraint kms_whole check ((kms_uri is null) = (kms_check is null));
--rollback alter table vault.master_key drop constraint kms_whole, drop column kms_uri, drop column kms_check;
