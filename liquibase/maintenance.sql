--liquibase formatted sql

--changeset nightshift:maintenance-1
create schema maintenance;
grant usage on schema maintenance to ${app_role};

create table maintenance.vacuumed_table (
    id              uuid primary key,
    project_id      uuid not null,
    run_id          uuid not null,
    database_id     uuid not null,
    at              timestamptz not null default now(),
    table_name      text not null,
    why             text not null,
    outcome         text not null check (outcome in ('DONE', 'SKIPPED', 'STOPPED', 'FAILED')),
    reason          text,
    dead_before     bigint,
    dead_after      bigint,
    bytes_before    bigint,
    bytes_after     bigint,
    duration_millis bigint,
    unique (project_id, id),
    foreign key (project_id, database_id) references fleet.database (project_id, id)
);
create index on maintenance.vacuumed_table (project_id, run_id, id);
alter table maintenance.vacuumed_table enable row level security;
create policy project on maintenance.vacuumed_table
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert on maintenance.vacuumed_table to ${app_role};
--rollback drop table maintenance.vacuumed_table; drop schema maintenance;

--changeset nightshift:maintenance-2 splitStatements:false rollbackSplitStatements:false
-- Forgets what the oldest runs of the transaction's project did to its tables.
create function maintenance.forget_tables(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from maintenance.vacuumed_table v
     where v.id in (select o.id from maintenance.vacuumed_table o
                     where o.project_id = tenancy.current_project() and o.at < least(before, now() - interval '7 days')
                     order by o.at limit most);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;
revoke execute on function maintenance.forget_tables(timestamptz, int) from public;
grant execute on function maintenance.forget_tables(timestamptz, int) to ${app_role};
create index vacuumed_table_at on maintenance.vacuumed_table (project_id, at);
create index vacuumed_table_database on maintenance.vacuumed_table (project_id, database_id);
--rollback drop index maintenance.vacuumed_table_database; drop index maintenance.vacuumed_table_at; drop function maintenance.forget_tables(timestamptz, int);
