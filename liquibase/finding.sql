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

--changeset nightshift:finding-2 splitStatements:false rollbackSplitStatements:false
-- What is done for a whole project may fail, too.
alter table finding.finding drop constraint finding_subject_kind_check,
    add constraint finding_subject_kind_check check (subject_kind in ('DATABASE', 'INSTANCE', 'BACKUP', 'RUN', 'PROJECT'));

-- Forgets the oldest findings of the transaction's project that were closed before; an open one stays.
create function finding.forget_closed(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from finding.finding f
     where f.id in (select o.id from finding.finding o
                     where o.project_id = tenancy.current_project() and o.state = 'CLOSED'
                       and o.closed_at < least(before, now() - interval '7 days')
                     order by o.id limit most);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;
revoke execute on function finding.forget_closed(timestamptz, int) from public;
grant execute on function finding.forget_closed(timestamptz, int) to ${app_role};
create index finding_closed on finding.finding (project_id, closed_at) where state = 'CLOSED';
--rollback drop index finding.finding_closed; drop function finding.forget_closed(timestamptz, int); delete from finding.finding where subject_kind = 'PROJECT'; alter table finding.finding drop constraint finding_subject_kind_check, add constraint finding_subject_kind_check check (subject_kind in ('DATABASE', 'INSTANCE', 'BACKUP', 'RUN'));
