--liquibase formatted sql

--changeset nightshift:finding-1
create schema finding;
grant usage on schema finding to ${app_role};

create table finding.finding (
    id           uuid primary key,
    project_id   uuid not null references fleet.project (id),
    fingerprint  text not null,
    subject_kind text not null check (subject_kind in ('DATABASE', 'INSTANCE', 'BACKUP', 'RUN')),
    subject_id   uuid not null,
    subject_name text not null,
    severity     text not null check (severity in ('INFO', 'WARNING', 'CRITICAL')),
    state        text not null default 'OPEN' check (state in ('OPEN', 'CLOSED')),
    title        text not null,
    detail       text not null,
    remedy       text,
    evidence     jsonb not null default '{}',
    run_id       uuid,
    first_seen   timestamptz not null default now(),
    last_seen    timestamptz not null default now(),
    closed_at    timestamptz,
    seen         int not null default 1,
    unique (project_id, id)
);
create unique index finding_open on finding.finding (project_id, fingerprint) where state = 'OPEN';
create index on finding.finding (project_id, state, id);

-- What other features must hear, written in the transaction of the change itself: a kill loses nothing.
create table finding.outbox (
    id         bigint generated always as identity primary key,
    project_id uuid not null references fleet.project (id),
    kind       text not null,
    subject_id uuid not null,
    payload    jsonb not null default '{}',
    at         timestamptz not null default now(),
    unique (project_id, id)
);


alter table finding.finding enable row level security;
create policy project on finding.finding
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
alter table finding.outbox enable row level security;
create policy project on finding.outbox
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on finding.finding to ${app_role};
grant select, insert, delete on finding.outbox to ${app_role};
--rollback drop table finding.outbox; drop table finding.finding; drop schema finding;
